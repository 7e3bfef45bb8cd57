package io.clipstream.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.model.fetch.FetchResult.Fetched;
import io.clipstream.model.fetch.FetchResult.Rejected;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** TLS with a certificate for {@code videos.example} that the JDK's keytool makes for the test. */
@Timeout(300)
class HttpsFetchTest {
  private static final char[] PASSWORD = "changeit".toCharArray();
  private static SSLContext trusting;

  @TempDir static Path keys;
  @TempDir Path folder;
  private final List<String> serverNames = new CopyOnWriteArrayList<>();
  private final List<AutoCloseable> open = new CopyOnWriteArrayList<>();

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
                "CN=videos.example",
                "-ext",
                "SAN=dns:videos.example",
                "-validity",
                "2")
            .redirectErrorStream(true)
            .redirectOutput(keys.resolve("keytool.log").toFile())
            .start();
    assertThat(keytool.waitFor(50, TimeUnit.SECONDS)).isTrue();
    assertThat(keytool.exitValue()).isZero();
    KeyStore keyStore = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keyStore.load(in, PASSWORD);
    }
    KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    own.init(keyStore, PASSWORD);
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(keyStore);
    trusting = SSLContext.getInstance("TLS");
    trusting.init(own.getKeyManagers(), trust.getTrustManagers(), null);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
  }

  @Test
  void shouldVerifyTheNameAndSendItWhileConnectedToTheCheckedAddress() throws Exception {
    RawServer server = server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");

    FetchResult result = fetch(trusting, "https://Videos.Example.:" + server.port() + "/a?b");

    assertThat(result).isInstanceOf(Fetched.class);
    assertThat(serverNames).containsExactly("videos.example");
    assertThat(server.requests.get(0))
        .startsWith("GET /a?b HTTP/1.1\r\n")
        .contains("\r\nHost: videos.example:" + server.port() + "\r\n");
  }

  @Test
  void shouldRefuseACertificateOfAnotherName() throws Exception {
    RawServer server = server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");

    Rejected other = rejected(trusting, "https://other.example:" + server.port() + "/a");
    Rejected number = rejected(trusting, "https://127.0.0.1:" + server.port() + "/a");

    assertThat(other.reason()).isEqualTo(FetchReason.FETCH_FAILED);
    assertThat(other.detail()).contains("TLS").contains("other.example");
    assertThat(other.attempts()).isEqualTo(1);
    assertThat(number.detail()).contains("TLS");
    assertThat(server.requests).allMatch(String::isEmpty);
  }

  @Test
  void shouldRefuseACertificateNobodyTrusts() throws Exception {
    RawServer server = server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");

    Rejected rejected =
        rejected(SSLContext.getDefault(), "https://videos.example:" + server.port() + "/a");

    assertThat(rejected.reason()).isEqualTo(FetchReason.FETCH_FAILED);
    assertThat(rejected.detail()).contains("TLS");
    assertThat(rejected.attempts()).isEqualTo(1);
    assertThat(server.requests).allMatch(String::isEmpty);
  }

  @Test
  void shouldNotFollowARedirectToUnencryptedHttpUnlessAllowed() throws Exception {
    RawServer plain =
        new RawServer((n, request, to) -> to.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"));
    open.add(plain);
    RawServer server =
        server(
            "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://videos.example:"
                + plain.port()
                + "/\r\n\r\n");
    String url = "https://videos.example:" + server.port() + "/a?secret";

    Rejected refused = rejected(trusting, url);
    AddressRules rules =
        new AddressRules(
            List.of(), List.of("127.0.0.1"), PortRange.parse("1-65535"), true, Optional.empty());
    FetchResult allowed = fetch(trusting, rules, url);

    assertThat(refused.reason()).isEqualTo(FetchReason.FORBIDDEN_ADDRESS);
    assertThat(refused.detail())
        .isEqualTo(
            "https://videos.example:" + server.port() + "/a?*** redirects from https to http");
    assertThat(allowed).isInstanceOf(Fetched.class);
    assertThat(plain.requests).hasSize(1);
  }

  @Test
  void shouldTunnelThroughAConfiguredProxy() throws Exception {
    RawServer server = server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
    RawServer proxy =
        new RawServer(
            (n, request, to) -> {
              to.send("HTTP/1.1 200 Connection established\r\n\r\n");
              try (Socket onward = new Socket("127.0.0.1", server.port())) {
                Thread back = new Thread(() -> relay(onward, to.socket()));
                back.start();
                relay(to.socket(), onward);
              }
            });
    open.add(proxy);
    AddressRules rules =
        new AddressRules(
            List.of(),
            List.of(),
            PortRange.parse("1-65535"),
            false,
            Optional.of("127.0.0.1:" + proxy.port()));

    FetchResult result =
        fetch(trusting, rules, "https://videos.example:" + server.port() + "/a?sig=1");

    assertThat(result).isInstanceOf(Fetched.class);
    assertThat(proxy.requests.get(0))
        .startsWith("CONNECT videos.example:" + server.port() + " HTTP/1.1\r\n")
        .doesNotContain("sig");
    assertThat(serverNames).containsExactly("videos.example");
  }

  private static void relay(Socket from, Socket to) {
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      in.transferTo(out);
      to.shutdownOutput();
    } catch (IOException hungUp) {
      // One side has what it wanted.
    }
  }

  private RawServer server(String answer) throws IOException {
    RawServer server =
        new RawServer(
            trusting
                .getServerSocketFactory()
                .createServerSocket(0, 50, InetAddress.getByName("127.0.0.1")),
            (n, request, to) -> {
              ExtendedSSLSession session =
                  (ExtendedSSLSession) ((SSLSocket) to.socket()).getSession();
              session
                  .getRequestedServerNames()
                  .forEach(
                      name ->
                          serverNames.add(
                              new String(
                                  name.getEncoded(), java.nio.charset.StandardCharsets.US_ASCII)));
              to.send(answer);
            });
    open.add(server);
    return server;
  }

  private Rejected rejected(SSLContext tls, String url) throws Exception {
    FetchResult result = fetch(tls, url);
    assertThat(result).isInstanceOf(Rejected.class);
    return (Rejected) result;
  }

  private FetchResult fetch(SSLContext tls, String url) throws Exception {
    return fetch(tls, AddressRules.defaults().withAllowPrivate(List.of("127.0.0.1")), url);
  }

  private FetchResult fetch(SSLContext tls, AddressRules rules, String url) throws Exception {
    FileFetcher fetcher =
        new FileFetcher(
            FetchPolicy.defaults().withAddresses(rules),
            folder.resolve("work"),
            host -> List.of(InetAddress.getByName("127.0.0.1")),
            new TestClock(),
            () -> 0,
            tls,
            Disk.SYSTEM);
    open.add(fetcher);
    return fetcher.fetch(url, Optional.empty());
  }
}
