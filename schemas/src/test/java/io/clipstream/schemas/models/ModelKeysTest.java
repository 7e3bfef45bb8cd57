package io.clipstream.schemas.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.ModelSignature;
import io.clipstream.schemas.models.TrustedKeys.Verdict;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPairGenerator;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelKeysTest {
  private static final String DIGEST = "cd".repeat(32);

  // Made by OpenSSL 3: genpkey -algorithm ed25519, pkey -pubout, pkeyutl -sign -rawin of the five
  // lines that ModelSignature documents, for the model, digest and size below.
  private static final String OPENSSL_PRIVATE =
      """
      -----BEGIN PRIVATE KEY-----
      MC4CAQAwBQYDK2VwBCIEIFZwkbp8Zca2SQZ1+Vt4sS+S5mkOCFcjNu2r8Si3MhHx
      -----END PRIVATE KEY-----
      """;
  private static final String OPENSSL_PUBLIC =
      """
      -----BEGIN PUBLIC KEY-----
      MCowBQYDK2VwAyEANfzeT7QpeVkC3Nc0ikI3liZ63KPT+nDjUKLxkHOyA3g=
      -----END PUBLIC KEY-----
      """;
  private static final String OPENSSL_SIGNATURE =
      "3884dd6188ab11d84d032a189ad2fb980f3038e921db0f607b86e2d670ec698d"
          + "04dfafdb32c6925cc5ce703687a7a1329eb9ce9e6047eec85410dfe4aaf3a200";

  @TempDir Path directory;

  @Test
  void shouldTrustWhatItsOwnKeySigned() throws IOException {
    Path secret = directory.resolve("release.pem");
    Path open = directory.resolve("release.pub");

    String id = ModelKeys.generate(secret, open);

    SigningKey key = SigningKey.read(secret);
    assertThat(key.id()).isEqualTo(id).matches("[0-9a-f]{16}");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(secret)))
        .isEqualTo("rw-------");
    TrustedKeys.Check check = TrustedKeys.read(List.of(open)).check(signed(key, model(), 10));
    assertThat(check.verdict()).as(check.detail()).isEqualTo(Verdict.VALID);
  }

  @Test
  void shouldSignAndTrustAsOpenSslDoes() throws IOException {
    SigningKey key = SigningKey.read(file("private", OPENSSL_PRIVATE));
    TrustedKeys trusted = TrustedKeys.read(List.of(file("public", OPENSSL_PUBLIC)));

    ModelSignature signature = key.sign(model(), 5_000_000);

    assertThat(HexFormat.of().formatHex(signature.getSignature().array()))
        .isEqualTo(OPENSSL_SIGNATURE);
    assertThat(trusted.check(signed(key, model(), 5_000_000)).isValid()).isTrue();
  }

  @Test
  void shouldTrustEveryKeyOfEveryFile() throws IOException {
    ModelKeys.generate(directory.resolve("a"), directory.resolve("a.pub"));
    ModelKeys.generate(directory.resolve("b"), directory.resolve("b.pub"));
    Path both =
        file(
            "both",
            "keys of the team\n"
                + Files.readString(directory.resolve("a.pub"))
                + Files.readString(directory.resolve("b.pub")));
    TrustedKeys trusted = TrustedKeys.read(List.of(file("c", OPENSSL_PUBLIC), both));

    for (String name : List.of("a", "b")) {
      ModelRelease release = signed(SigningKey.read(directory.resolve(name)), model(), 10);
      assertThat(trusted.check(release).isValid()).isTrue();
    }
  }

  @Test
  void shouldTellWhyASignatureDoesNotCount() throws IOException {
    String id = ModelKeys.generate(directory.resolve("a"), directory.resolve("a.pub"));
    SigningKey key = SigningKey.read(directory.resolve("a"));
    TrustedKeys own = TrustedKeys.read(List.of(directory.resolve("a.pub")));
    TrustedKeys others = TrustedKeys.read(List.of(file("public", OPENSSL_PUBLIC)));
    ModelRelease release = signed(key, model(), 10);

    TrustedKeys.Check unsigned =
        own.check(ModelRelease.newBuilder(release).setSignature(null).build());
    assertThat(unsigned.verdict()).isEqualTo(Verdict.UNSIGNED);
    assertThat(unsigned.detail()).contains("camera-motion/1.0.0 is not signed").contains(id);
    TrustedKeys.Check unknown = others.check(release);
    assertThat(unknown.verdict()).isEqualTo(Verdict.UNKNOWN_KEY);
    assertThat(unknown.detail()).contains(id);

    ModelSignature right = release.getSignature();
    for (ModelRelease altered :
        List.of(
            of(new ModelIdentity("camera-motion2", "1.0.0", DIGEST), 10, right),
            of(new ModelIdentity("camera-motion", "1.0.1", DIGEST), 10, right),
            of(new ModelIdentity("camera-motion", "1.0.0", "ce".repeat(32)), 10, right),
            of(model(), 11, right),
            of(model(), 10, new ModelSignature(id, ByteBuffer.wrap(new byte[64]))),
            of(model(), 10, new ModelSignature(id, ByteBuffer.wrap(new byte[3]))))) {
      assertThat(own.check(altered).verdict()).isEqualTo(Verdict.INVALID);
    }
  }

  @Test
  void shouldNotReplaceKeys() throws IOException {
    Path secret = file("a", "mine");
    Path open = file("b", "mine too");

    assertThatThrownBy(() -> ModelKeys.generate(secret, directory.resolve("new")))
        .isInstanceOf(ModelLogException.class)
        .hasMessageContaining(secret + " exists");
    assertThatThrownBy(() -> ModelKeys.generate(directory.resolve("new"), open))
        .isInstanceOf(ModelLogException.class)
        .hasMessageContaining(open + " exists");
    assertThat(secret).hasContent("mine");
    assertThat(open).hasContent("mine too");
    assertThat(directory.resolve("new")).doesNotExist();
  }

  @Test
  void shouldNameTheFileThatHoldsNoKey() throws Exception {
    Path missing = directory.resolve("missing");
    Path text = file("text", "hello");
    Path damaged = file("damaged", Pem.encode("PRIVATE KEY", new byte[] {1, 2, 3}));
    Path rsa =
        file(
            "rsa",
            Pem.encode(
                "PUBLIC KEY",
                KeyPairGenerator.getInstance("RSA").generateKeyPair().getPublic().getEncoded()));

    assertThatThrownBy(() -> SigningKey.read(missing))
        .isInstanceOf(ModelLogException.class)
        .hasMessageContaining(missing + " does not exist");
    assertThatThrownBy(() -> SigningKey.read(text))
        .isInstanceOf(ModelLogException.class)
        .hasMessageContaining(text + " holds no PRIVATE KEY");
    assertThatThrownBy(() -> SigningKey.read(file("public", OPENSSL_PUBLIC)))
        .isInstanceOf(ModelLogException.class)
        .hasMessageContaining("holds no PRIVATE KEY");
    assertThatThrownBy(() -> SigningKey.read(damaged))
        .isInstanceOf(ModelLogException.class)
        .hasMessageContaining(damaged + " holds no Ed25519 key");
    assertThatThrownBy(() -> TrustedKeys.read(List.of(rsa)))
        .isInstanceOf(ModelLogException.class)
        .hasMessageContaining(rsa + " holds a public key that is not Ed25519");
  }

  private Path file(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text);
  }

  private static ModelIdentity model() {
    return new ModelIdentity("camera-motion", "1.0.0", DIGEST);
  }

  private static ModelRelease signed(SigningKey key, ModelIdentity model, long bytes) {
    return of(model, bytes, key.sign(model, bytes));
  }

  private static ModelRelease of(ModelIdentity model, long bytes, ModelSignature signature) {
    return ModelRelease.newBuilder()
        .setModel(model)
        .setBytes(bytes)
        .setUri("https://example.org/m.pt")
        .setSignature(signature)
        .setManifest("{}")
        .setPublishedAt(Instant.EPOCH)
        .build();
  }
}
