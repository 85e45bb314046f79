export { type Dataset, type DatasetOptions, openDataset, type Partition } from './dataset/dataset.ts'
