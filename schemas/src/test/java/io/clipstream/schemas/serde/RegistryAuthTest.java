package io.clipstream.schemas.serde;

import static io.clipstream.schemas.serde.StubServer.reply;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.schemas.Examples;
import io.clipstream.schemas.VideoReference;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.types.Password;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
class RegistryAuthTest {
  private static final String PASSWORD = "correct horse";

  @Test
  void shouldSendBasicCredentialsHoweverTheyAreGiven() throws Exception {
    String expected = "Basic " + base64("user:p@ss:word+");
    List<String> seen = new CopyOnWriteArrayList<>();
    try (StubServer server =
        new StubServer(
            (exchange, nth) -> {
              seen.add(exchange.getRequestHeaders().getFirst("Authorization"));
              reply(exchange, 200, "{\"id\":1}");
            })) {
      String url = server.url();
      serialize(
          Map.of(
              "schema.registry.url", url,
              "basic.auth.credentials.source", "USER_INFO",
              "basic.auth.user.info", "user:p@ss:word+"));
      serialize(
          Map.of(
              "schema.registry.url",
              url,
              "basic.auth.credentials.source",
              "USER_INFO",
              "schema.registry.basic.auth.user.info",
              new Password("user:p@ss:word+")));
      serialize(
          Map.of(
              "schema.registry.url",
              url.replace("://", "://user:p%40ss%3Aword+@"),
              "basic.auth.credentials.source",
              "URL"));
      serialize(Map.of("schema.registry.url", url.replace("://", "://user:p%40ss%3Aword+@")));
    }
    assertThat(seen).containsExactly(expected, expected, expected, expected);
  }

  @Test
  void shouldSendABearerToken() throws Exception {
    try (StubServer server =
        new StubServer(
            (exchange, nth) ->
                reply(
                    exchange,
                    "Bearer abc.def".equals(exchange.getRequestHeaders().getFirst("Authorization"))
                            && "x".equals(exchange.getRequestHeaders().getFirst("Tenant"))
                        ? 200
                        : 401,
                    "{\"id\":1}"))) {
      serialize(
          Map.of(
              "schema.registry.url", server.url(),
              "bearer.auth.credentials.source", "STATIC_TOKEN",
              "bearer.auth.token", "abc.def",
              "request.header.Tenant", "x"));

      assertThatThrownBy(() -> serialize(Map.of("schema.registry.url", server.url())))
          .isInstanceOf(RegistryRefusedException.class)
          .hasMessageContaining("check basic.auth.user.info or bearer.auth.token");
    }
  }

  @Test
  void shouldNotSendCredentialsToWhereItIsRedirected() throws Exception {
    try (StubServer elsewhere =
            new StubServer((exchange, nth) -> reply(exchange, 200, "{\"id\":1}"));
        StubServer server =
            new StubServer(
                (exchange, nth) -> {
                  exchange.getResponseHeaders().set("Location", elsewhere.url());
                  reply(exchange, 302, "");
                })) {
      assertThatThrownBy(
              () ->
                  serialize(
                      Map.of("schema.registry.url", server.url(), "basic.auth.user.info", "a:b")))
          .isInstanceOf(RegistryRefusedException.class)
          .hasMessageContaining("HTTP 302");
      assertThat(elsewhere.requests).isEmpty();
    }
  }

  @Test
  void shouldNeverShowASecret() {
    RegistryConfig config =
        RegistryConfig.from(
            Map.of(
                "schema.registry.url", "http://user:hidden@localhost:1",
                "schema.registry.ssl.truststore.password", "hidden"));

    assertThat(config.toString() + config.endpoints())
        .contains("http://localhost:1")
        .doesNotContain("hidden")
        .doesNotContain(base64("user:hidden"));
  }

  @Test
  void shouldSpeakTlsWithKeyStores(@TempDir Path dir) throws Exception {
    Path serverStore = makeKey(dir, "server", "san=ip:127.0.0.1");
    Path clientStore = makeKey(dir, "client", "san=dns:client");
    Path serverTrust = export(dir, serverStore, "server");
    Path clientTrust = export(dir, clientStore, "client");
    SSLContext tls = SSLContext.getInstance("TLS");
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(load(serverStore), PASSWORD.toCharArray());
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(load(clientTrust));
    tls.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    try (StubServer server =
        new StubServer(tls, (exchange, nth) -> reply(exchange, 200, "{\"id\":1}"))) {
      Map<String, Object> config = new HashMap<>();
      config.put("schema.registry.url", server.url());
      config.put("schema.registry.ssl.truststore.location", serverTrust.toString());
      config.put("schema.registry.ssl.truststore.password", PASSWORD);
      config.put("schema.registry.ssl.truststore.type", "PKCS12");
      config.put("schema.registry.ssl.keystore.location", clientStore.toString());
      config.put("schema.registry.ssl.keystore.password", PASSWORD);
      config.put("schema.registry.ssl.keystore.type", "PKCS12");
      config.put("schema.registry.ssl.key.password", PASSWORD);
      config.put("max.retries", 0);
      // Kafka's own TLS is another matter.
      config.put("ssl.truststore.location", "/nowhere");

      serialize(config);

      Map<String, Object> withoutTrust = new HashMap<>(config);
      withoutTrust.keySet().removeIf(key -> key.startsWith("schema.registry.ssl."));
      assertThatThrownBy(() -> serialize(withoutTrust))
          .isInstanceOf(RegistryUnavailableException.class)
          .hasMessageContaining("unable to find valid certification path");

      Map<String, Object> wrongPassword = new HashMap<>(config);
      wrongPassword.put("schema.registry.ssl.truststore.password", "wrong");
      assertThatThrownBy(() -> serialize(wrongPassword))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("schema.registry.ssl.*")
          .hasMessageContaining("password was incorrect");

      Map<String, Object> wrongFile = new HashMap<>(config);
      wrongFile.put("schema.registry.ssl.keystore.location", "/nowhere/key.p12");
      assertThatThrownBy(() -> serialize(wrongFile))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("/nowhere/key.p12");
    }
  }

  private static void serialize(Map<String, ?> config) {
    try (AvroSerializer<VideoReference> serializer = new AvroSerializer<>()) {
      serializer.configure(config, false);
      serializer.serialize("t", Examples.reference());
    }
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static Path makeKey(Path dir, String name, String extension) throws Exception {
    Path store = dir.resolve(name + ".p12");
    keytool(
        List.of(
            "-genkeypair",
            "-alias",
            name,
            "-keyalg",
            "EC",
            "-dname",
            "CN=" + name,
            "-ext",
            extension,
            "-validity",
            "2",
            "-storetype",
            "PKCS12",
            "-keystore",
            store.toString(),
            "-storepass",
            PASSWORD));
    return store;
  }

  private static Path export(Path dir, Path store, String name) throws Exception {
    Path certificate = dir.resolve(name + ".crt");
    Path trust = dir.resolve(name + "-trust.p12");
    keytool(
        List.of(
            "-exportcert",
            "-alias",
            name,
            "-file",
            certificate.toString(),
            "-keystore",
            store.toString(),
            "-storepass",
            PASSWORD));
    keytool(
        List.of(
            "-importcert",
            "-noprompt",
            "-alias",
            name,
            "-file",
            certificate.toString(),
            "-storetype",
            "PKCS12",
            "-keystore",
            trust.toString(),
            "-storepass",
            PASSWORD));
    return trust;
  }

  private static void keytool(List<String> arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(arguments);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
  }

  private static KeyStore load(Path file) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      store.load(in, PASSWORD.toCharArray());
    }
    return store;
  }
}
