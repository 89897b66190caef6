export { openStorage, type StorageOptions } from '../storage/level.ts'
