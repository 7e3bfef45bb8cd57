package io.clipstream.streams.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialAlteration;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;

/**
 * A broker whose users come by TLS and SCRAM and may do what access rules (ACLs) allow. On a second
 * port, in plain text, whoever comes may do everything.
 */
public final class SecuredKafka implements AutoCloseable {
  /** Of the file of its key. */
  public static final String PASSWORD = "of-the-test";

  /** Of all brokers of this process: to make a key takes two processes. Null before the first. */
  private static byte[] keyMade;

  private static byte[] certificateMade;

  private final Path keys;
  private final Path certificate;
  private final int port = EmbeddedKafka.freePort();
  private final EmbeddedKafka kafka;

  /**
   * @param directory for its data and certificate, made if missing
   */
  public SecuredKafka(Path directory) throws IOException, InterruptedException {
    Files.createDirectories(directory);
    keys = directory.resolve("broker.p12");
    certificate = directory.resolve("broker.pem");
    makeKey(keys, certificate);
    kafka =
        new EmbeddedKafka(
            directory.resolve("data"),
            0,
            Map.ofEntries(
                Map.entry("listeners", "USERS://127.0.0.1:" + port),
                Map.entry(
                    "listener.security.protocol.map",
                    "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,USERS:SASL_SSL"),
                Map.entry("inter.broker.listener.name", "PLAINTEXT"),
                Map.entry("sasl.enabled.mechanisms", "SCRAM-SHA-512"),
                Map.entry(
                    "listener.name.users.scram-sha-512.sasl.jaas.config",
                    "org.apache.kafka.common.security.scram.ScramLoginModule required;"),
                Map.entry("ssl.keystore.type", "PKCS12"),
                Map.entry("ssl.keystore.location", keys.toString()),
                Map.entry("ssl.keystore.password", PASSWORD),
                Map.entry("ssl.key.password", PASSWORD),
                Map.entry(
                    "authorizer.class.name",
                    "org.apache.kafka.metadata.authorizer.StandardAuthorizer"),
                Map.entry("super.users", "User:ANONYMOUS")));
  }

  /** Where everything is allowed to everybody. */
  public String open() {
    return kafka.bootstrapServers();
  }

  /** Its key, for another server of this machine: PKCS#12. */
  public Path keys() {
    return keys;
  }

  /** Who trusts this one trusts the key: PEM. */
  public Path certificate() {
    return certificate;
  }

  /** Settings of a user's clients. */
  public Map<String, String> client(String user, String password) {
    return Map.of(
        "bootstrap.servers",
        "127.0.0.1:" + port,
        "security.protocol",
        "SASL_SSL",
        "sasl.mechanism",
        "SCRAM-SHA-512",
        "sasl.jaas.config",
        "org.apache.kafka.common.security.scram.ScramLoginModule required username=\""
            + user
            + "\" password=\""
            + password
            + "\";",
        "ssl.truststore.type",
        "PEM",
        "ssl.truststore.location",
        certificate.toString());
  }

  /** Adds users, each with its name for a password. */
  public void addUsers(Collection<String> users) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", open()))) {
      admin
          .alterUserScramCredentials(
              users.stream()
                  .map(
                      user ->
                          new UserScramCredentialUpsertion(
                              user,
                              new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096),
                              user))
                  .map(change -> (UserScramCredentialAlteration) change)
                  .toList())
          .all()
          .get(30, TimeUnit.SECONDS);
    }
  }

  /** Adds access rules, and returns when they hold. */
  public void allow(Collection<AclBinding> rules) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", open()))) {
      admin.createAcls(rules).all().get(30, TimeUnit.SECONDS);
      await()
          .atMost(Duration.ofMinutes(5))
          .until(
              () ->
                  admin
                      .describeAcls(AclBindingFilter.ANY)
                      .values()
                      .get(30, TimeUnit.SECONDS)
                      .containsAll(rules));
    }
  }

  @Override
  public void close() {
    kafka.close();
  }

  private static synchronized void makeKey(Path keys, Path certificate)
      throws IOException, InterruptedException {
    if (keyMade == null) {
      keytool("-genkeypair", keys, "-keyalg", "EC", "-dname", "CN=broker", "-validity", "2")
          .with("-ext", "san=ip:127.0.0.1")
          .run();
      keytool("-exportcert", keys, "-rfc", "-file", certificate.toString()).run();
      certificateMade = Files.readAllBytes(certificate);
      keyMade = Files.readAllBytes(keys);
    } else {
      Files.write(keys, keyMade);
      Files.write(certificate, certificateMade);
    }
  }

  private record Keytool(List<String> words) {
    Keytool with(String... more) {
      return new Keytool(Stream.concat(words.stream(), Stream.of(more)).toList());
    }

    void run() throws IOException, InterruptedException {
      Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(said).isZero();
    }
  }

  private static Keytool keytool(String what, Path keys, String... more) {
    return new Keytool(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                what,
                "-keystore",
                keys.toString(),
                "-storetype",
                "PKCS12",
                "-storepass",
                PASSWORD,
                "-alias",
                "broker"))
        .with(more);
  }
}
