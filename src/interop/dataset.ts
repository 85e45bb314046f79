/**
 * A folder of stores as one table, partitioned as Hive does. Needs no package.
 *
 * @module stoa/dataset
 */
export { type Dataset, type DatasetOptions, openDataset, type Partition } from './dataset/dataset.ts'
