// Shows types as they are written in the source, `RowInput<C>`, and not as what the compiler makes of them.
import { Converter } from 'typedoc'
import ts from 'typescript'

export function load({ converter }) {
  const convert = converter.convertType.bind(converter)
  converter.convertType = (context, type, node) =>
    convert(context, node !== undefined && isKnown(context, node) ? node : type, node)
  converter.on(Converter.EVENT_CREATE_TYPE_PARAMETER, (context, parameter) => {
    const constraint = context.getSymbolFromReflection(parameter)?.declarations?.[0]?.constraint
    if (constraint !== undefined && isKnown(context, constraint)) parameter.type = convert(context, constraint)
  })
}

/** Whether each type parameter in a node is one of the page it goes to: an inherited member may be written with others. */
function isKnown({ checker, scope }, node) {
  const names = new Set()
  for (let reflection = scope; reflection !== undefined; reflection = reflection.parent) {
    for (const { name } of reflection.typeParameters ?? []) names.add(name)
    for (const { typeParameters = [] } of reflection.signatures ?? [])
      for (const { name } of typeParameters) names.add(name)
  }
  const isForeign = (part) => {
    if (ts.isTypeReferenceNode(part) && ts.isIdentifier(part.typeName) && !names.has(part.typeName.text)) {
      const [declaration] = checker.getSymbolAtLocation(part.typeName)?.declarations ?? []
      const isWithin = declaration !== undefined && declaration.pos >= node.pos && declaration.end <= node.end
      if (declaration !== undefined && ts.isTypeParameterDeclaration(declaration) && !isWithin) return true
    }
    return ts.forEachChild(part, isForeign) ?? false
  }
  return !isForeign(node)
}
