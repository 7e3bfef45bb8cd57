package io.clipstream.schemas.models;

import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.ModelSignature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.EdECPrivateKey;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;

/** A private key that vouches for releases. All threads. */
public final class SigningKey {
  private final PrivateKey key;
  private final String id;

  private SigningKey(PrivateKey key, PublicKey publicKey) {
    this.key = key;
    this.id = ModelKeys.id(publicKey);
  }

  /**
   * Reads a key.
   *
   * @param file PEM with an Ed25519 key as PKCS #8, not encrypted
   * @throws ModelLogException if it holds no such key
   */
  public static SigningKey read(Path file) throws IOException {
    byte[] der = Pem.read(file, ModelKeys.PRIVATE).get(0);
    try {
      PrivateKey key =
          KeyFactory.getInstance(ModelKeys.ALGORITHM).generatePrivate(new PKCS8EncodedKeySpec(der));
      PublicKey publicKey = publicKey((EdECPrivateKey) key);
      byte[] probe = {1};
      if (!verify(publicKey, probe, sign(key, probe))) {
        throw new IllegalStateException(
            "this Java runtime gave another public key than " + file + "'s");
      }
      return new SigningKey(key, publicKey);
    } catch (GeneralSecurityException e) {
      throw new ModelLogException(
          "key file "
              + file
              + " holds no "
              + ModelKeys.ALGORITHM
              + " key, expected one (make it with: model keygen)",
          e);
    }
  }

  /** Java's interfaces derive it only when a pair is made: from the secret in place of chance. */
  private static PublicKey publicKey(EdECPrivateKey key) throws GeneralSecurityException {
    byte[] secret = key.getBytes().orElseThrow();
    KeyPairGenerator generator = KeyPairGenerator.getInstance(ModelKeys.ALGORITHM);
    generator.initialize(
        NamedParameterSpec.ED25519,
        new SecureRandom() {
          private static final long serialVersionUID = 1;

          @Override
          public void nextBytes(byte[] bytes) {
            System.arraycopy(secret, 0, bytes, 0, bytes.length);
          }
        });
    return generator.generateKeyPair().getPublic();
  }

  /** The id of the public key. */
  public String id() {
    return id;
  }

  ModelSignature sign(ModelIdentity model, long bytes) {
    try {
      return new ModelSignature(id, ByteBuffer.wrap(sign(key, ReleaseStatement.of(model, bytes))));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the key has signed before", e);
    }
  }

  private static byte[] sign(PrivateKey key, byte[] text) throws GeneralSecurityException {
    Signature signature = Signature.getInstance(ModelKeys.ALGORITHM);
    signature.initSign(key);
    signature.update(text);
    return signature.sign();
  }

  static boolean verify(PublicKey key, byte[] text, byte[] signed) throws GeneralSecurityException {
    Signature signature = Signature.getInstance(ModelKeys.ALGORITHM);
    signature.initVerify(key);
    signature.update(text);
    return signature.verify(signed);
  }
}
