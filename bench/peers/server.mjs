// The peer of bench/upload.py: @tus/server with @tus/s3-store as they are published, on the port and bucket that are given.
import { S3Store } from '@tus/s3-store'
import { Server } from '@tus/server'

const [port, endpoint, bucket] = process.argv.slice(2)
const datastore = new S3Store({
  partSize: 8 * 1024 * 1024,
  s3ClientConfig: {
    bucket,
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: {
      accessKeyId: process.env.AWS_ACCESS_KEY_ID,
      secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY,
    },
  },
})
new Server({ path: '/files', datastore }).listen({ host: '127.0.0.1', port: Number(port) })
