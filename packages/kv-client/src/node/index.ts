export { type Certificates, httpsFetch } from './https-fetch.ts'
