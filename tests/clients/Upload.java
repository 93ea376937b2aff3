import io.tus.java.client.TusClient;
import io.tus.java.client.TusExecutor;
import io.tus.java.client.TusURLMemoryStore;
import io.tus.java.client.TusUpload;
import io.tus.java.client.TusUploader;
import java.io.File;
import java.net.URI;
import java.util.Map;

/** One upload by tus-java-client as it is published: endpoint, token, file, bytes a chunk, bytes before it is stopped. */
final class Upload {
    public static void main(String[] words) throws Exception {
        TusClient client = new TusClient();
        client.setUploadCreationURL(URI.create(words[0]).toURL());
        client.setHeaders(Map.of("Authorization", "Bearer " + words[1]));
        client.enableResuming(new TusURLMemoryStore());
        TusUpload upload = new TusUpload(new File(words[2]));
        int chunk = Integer.parseInt(words[3]);
        long stop = Long.parseLong(words[4]);
        if (stop > 0) {
            TusUploader first = client.resumeOrCreateUpload(upload);
            first.setChunkSize(chunk);
            first.setRequestPayloadSize(chunk);
            while (first.getOffset() < stop && first.uploadChunk() > -1) { }
            first.finish();
            upload = new TusUpload(new File(words[2]));
        }
        System.out.println(sent(client, upload, chunk));
    }

    private static String sent(TusClient client, TusUpload upload, int chunk) throws Exception {
        String[] address = new String[1];
        TusExecutor attempt = new TusExecutor() {
            @Override
            protected void makeAttempt() throws io.tus.java.client.ProtocolException, java.io.IOException {
                TusUploader uploader = client.resumeOrCreateUpload(upload);
                uploader.setChunkSize(chunk);
                while (uploader.uploadChunk() > -1) { }
                uploader.finish();
                address[0] = uploader.getUploadURL().toString();
            }
        };
        if (!attempt.makeAttempts()) {
            throw new IllegalStateException("it was interrupted");
        }
        return address[0];
    }
}
