// One upload by tus-js-client as it is published: a JSON wish as the only argument, a JSON answer on stdout.
//
// wish: endpoint, headers, metadata, path; optionally chunkSize (bytes), parallelUploads, uploadLengthDeferred,
// and abortAfter (bytes): the client is stopped there, and a second one resumes from what the first remembered.
import fs from 'node:fs'
import { PassThrough } from 'node:stream'
import * as tus from 'tus-js-client'

const wish = JSON.parse(process.argv[2])
const { endpoint, headers, metadata, path, abortAfter } = wish
const answers = []

// Of a file the client knows the length by itself, and sends a wrong Content-Length when told to defer it.
function input() {
  const file = fs.createReadStream(path)
  return wish.uploadLengthDeferred ? file.pipe(new PassThrough()) : file
}

function options(more) {
  const one = { endpoint, headers, metadata, retryDelays: [0, 200, 1000], ...more }
  for (const name of ['chunkSize', 'parallelUploads', 'uploadLengthDeferred']) {
    if (wish[name] !== undefined) one[name] = wish[name]
  }
  if (abortAfter !== undefined) one.urlStorage = new tus.FileUrlStorage(wish.remembered)
  one.onAfterResponse = (request, response) => {
    answers.push([request.getMethod(), response.getStatus()])
  }
  return one
}

// Of pieces beside each other it is stopped once it remembers where all of them are.
function stopped() {
  return new Promise((resolve, reject) => {
    let isStopping = false
    const upload = new tus.Upload(input(), options({
      onError: reject,
      onSuccess: () => reject(new Error('it was over before it could be stopped')),
      onChunkComplete: (size, sent) => {
        if (sent < abortAfter || isStopping) return
        if (!wish.parallelUploads) return upload.abort().then(() => resolve(sent), reject)
        upload.findPreviousUploads().then((found) => {
          if (found.length === 0 || isStopping) return
          isStopping = true
          upload.abort().then(() => resolve(sent), reject)
        }, reject)
      },
    }))
    upload.start()
  })
}

function sent(previous) {
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(input(), options({
      onError: reject,
      onSuccess: () => resolve(upload.url),
    }))
    if (abortAfter === undefined) return upload.start()
    upload.findPreviousUploads().then((found) => {
      if (found.length !== 1) return reject(new Error(`${found.length} uploads are remembered`))
      upload.resumeFromPreviousUpload(found[0])
      upload.start()
    }, reject)
  })
}

try {
  const before = abortAfter === undefined ? 0 : await stopped()
  console.log(JSON.stringify({ url: await sent(), before, answers }))
} catch (err) {
  console.log(JSON.stringify({ error: String(err), answers }))
  process.exitCode = 1
}
