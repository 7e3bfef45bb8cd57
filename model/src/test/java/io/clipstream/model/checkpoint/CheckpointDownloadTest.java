package io.clipstream.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.clipstream.model.Sha256;
import io.clipstream.model.fetch.ExpectedDigest;
import io.clipstream.model.fetch.RetryRules;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a server on loopback whose certificate the JDK's keytool makes for the test. */
@Timeout(300)
class CheckpointDownloadTest {
  private static final char[] PASSWORD = "changeit".toCharArray();
  private static final int SIZE = 300_000;
  private static final RetryRules RETRIES =
      new RetryRules(5, Duration.ofMillis(1), Duration.ofMillis(1));
  private static SSLContext tls;

  @TempDir static Path keys;
  @TempDir Path folder;

  private final byte[] content = new byte[SIZE];
  private final List<String> ranges = new CopyOnWriteArrayList<>();
  private final List<Long> progress = new CopyOnWriteArrayList<>();
  private HttpsServer server;
  private String digest;

  // What the server does; set before a request.
  private volatile String etag = "\"one\"";
  private volatile int breakAfter = Integer.MAX_VALUE;
  private volatile int status = 200;
  private volatile String location = "";

  @BeforeAll
  static void makeCertificate() throws Exception {
    Path store = keys.resolve("keys.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keystore",
                store.toString(),
                "-storepass",
                "changeit",
                "-alias",
                "server",
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-ext",
                "SAN=dns:localhost,ip:127.0.0.1",
                "-validity",
                "2")
            .redirectErrorStream(true)
            .start();
    assertThat(keytool.waitFor(30, TimeUnit.SECONDS)).isTrue();
    KeyStore keyStore = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keyStore.load(in, PASSWORD);
    }
    KeyManagerFactory server =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    server.init(keyStore, PASSWORD);
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("server", keyStore.getCertificate("server"));
    TrustManagerFactory client =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    client.init(trusted);
    tls = SSLContext.getInstance("TLS");
    tls.init(server.getKeyManagers(), client.getTrustManagers(), null);
  }

  @BeforeEach
  void start() throws Exception {
    new Random(3).nextBytes(content);
    digest = Sha256.of(content);
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls));
    server.createContext("/", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    String ifRange = exchange.getRequestHeaders().getFirst("If-Range");
    ranges.add(String.valueOf(range));
    exchange.getResponseHeaders().add("ETag", etag);
    if (!location.isEmpty()) {
      exchange.getResponseHeaders().add("Location", location);
    }
    if (status != 200) {
      exchange.sendResponseHeaders(status, -1);
      exchange.close();
      return;
    }
    int start = 0;
    if (range != null && etag.equals(ifRange)) {
      start = Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
      exchange
          .getResponseHeaders()
          .add("Content-Range", "bytes " + start + "-" + (SIZE - 1) + "/" + SIZE);
      exchange.sendResponseHeaders(206, SIZE - start);
    } else {
      exchange.sendResponseHeaders(200, SIZE);
    }
    int length = Math.min(SIZE - start, breakAfter);
    OutputStream body = exchange.getResponseBody();
    body.write(content, start, length);
    body.flush();
    exchange.close(); // breaks the connection where bytes are missing
  }

  @Test
  void shouldBringAFileOnce() throws Exception {
    URI address = address("/models/swin-" + digest.substring(0, 8) + ".pth?key=secret");

    Path file = download().fetch(address, Optional.empty());

    assertThat(file)
        .hasBinaryContent(content)
        .hasFileName("swin-" + digest.substring(0, 8) + ".pth");
    assertThat(progress).isSorted().endsWith((long) SIZE);
    assertThat(download().fetch(address, Optional.empty())).isEqualTo(file);
    assertThat(ranges).containsExactly("null");
  }

  @Test
  void shouldContinueWhereTheConnectionBroke() throws Exception {
    breakAfter = 100_000;

    Path file = download().fetch(address("/swin.pth"), Optional.of(new ExpectedDigest(digest)));

    assertThat(file).hasBinaryContent(content);
    assertThat(ranges).containsExactly("null", "bytes=100000-", "bytes=200000-");
  }

  @Test
  void shouldContinueAfterAnEarlierProcess() throws Exception {
    breakAfter = 50_000;
    CheckpointDownload stopped =
        new CheckpointDownload(
            folder,
            (bytes, total) -> {
              if (bytes >= 50_000) {
                Thread.currentThread().interrupt();
              }
            },
            tls,
            RETRIES);
    assertThatThrownBy(() -> stopped.fetch(address("/swin.pth"), Optional.empty()))
        .isInstanceOf(InterruptedException.class);
    breakAfter = Integer.MAX_VALUE;

    Path file = download().fetch(address("/swin.pth"), Optional.of(new ExpectedDigest(digest)));

    assertThat(file).hasBinaryContent(content);
    assertThat(ranges).containsExactly("null", "bytes=50000-");
  }

  @Test
  void shouldStartAnewWhereTheFileChangedMeanwhile() throws Exception {
    breakAfter = 100_000;
    CheckpointDownload stopped =
        new CheckpointDownload(
            folder,
            (bytes, total) -> {
              if (bytes >= 100_000) {
                Thread.currentThread().interrupt();
              }
            },
            tls,
            RETRIES);
    assertThatThrownBy(() -> stopped.fetch(address("/swin.pth"), Optional.empty()))
        .isInstanceOf(InterruptedException.class);
    breakAfter = Integer.MAX_VALUE;
    etag = "\"two\"";
    content[0]++;

    Path file = download().fetch(address("/swin.pth"), Optional.empty());

    assertThat(file).hasBinaryContent(content);
  }

  @Test
  void shouldRefuseAnotherDigest() throws Exception {
    URI address = address("/swin-00000000.pth?key=secret");

    assertThatThrownBy(() -> download().fetch(address, Optional.empty()))
        .isInstanceOf(IOException.class)
        .hasMessageEndingWith(
            "/swin-00000000.pth?***: its SHA-256 is "
                + digest
                + ", expected one that begins with 00000000")
        .hasMessageNotContaining("secret");
    try (var files = Files.walk(folder)) {
      assertThat(files.filter(f -> f.toString().endsWith("pth"))).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"swin-20240115.pth", "swin-19991231.pth", "swin-202401150930.pth", "swin.pth"})
  void shouldTakeNoDateForADigest(String name) throws Exception {
    assertThat(download().fetch(address("/" + name), Optional.empty())).hasBinaryContent(content);
    assertThat(CheckpointDownload.namedDigest(name)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "swin3d_t-7615ae03.pth, 7615ae03",
    "swin-20241315.pth, 20241315",
    "swin-2024011a.pth, 2024011a",
    "swin-30240115.pth, 30240115"
  })
  void shouldFindADigestInAName(String name, String digits) {
    assertThat(CheckpointDownload.namedDigest(name)).contains(new ExpectedDigest(digits));
  }

  @Test
  void shouldSayWhatTheServerSays() {
    status = 404;
    assertThatThrownBy(() -> download().fetch(address("/none.pth"), Optional.empty()))
        .hasMessageEndingWith("/none.pth answers HTTP 404");
    assertThat(ranges).hasSize(1);

    status = 503;
    assertThatThrownBy(() -> download().fetch(address("/none.pth"), Optional.empty()))
        .hasMessageEndingWith("/none.pth answers HTTP 503 (after 5 attempts)");
    assertThat(ranges).hasSize(6);

    status = 302;
    location = "http://localhost:1/swin.pth";
    assertThatThrownBy(() -> download().fetch(address("/moved.pth"), Optional.empty()))
        .hasMessageContaining("redirects from https to http");
  }

  @Test
  void shouldTakeOnlyHttpsAndTrustedServers() throws Exception {
    assertThatThrownBy(
            () -> download().fetch(URI.create("http://localhost/x.pth"), Optional.empty()))
        .hasMessage("http://localhost/x.pth: expected an https: address");
    CheckpointDownload distrusting =
        new CheckpointDownload(folder, (bytes, total) -> {}, SSLContext.getDefault(), RETRIES);
    assertThatThrownBy(() -> distrusting.fetch(address("/swin.pth"), Optional.empty()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("certification path");
    assertThat(ranges).isEmpty();
  }

  private URI address(String path) {
    return URI.create("https://localhost:" + server.getAddress().getPort() + path);
  }

  private CheckpointDownload download() {
    return new CheckpointDownload(folder, (bytes, total) -> progress.add(bytes), tls, RETRIES);
  }
}
