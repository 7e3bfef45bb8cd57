package io.clipstream.schemas.models;

import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.ModelSignature;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.SignatureException;
import java.security.spec.X509EncodedKeySpec;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The public keys whose signatures count. Immutable, all threads. */
public final class TrustedKeys {
  private final Map<String, PublicKey> keys = new TreeMap<>();

  /** What a release's signature is worth. */
  public enum Verdict {
    /** A trusted key signed just this name, version, digest and size. */
    VALID,
    UNSIGNED,
    /** Signed by a key that is not trusted. */
    UNKNOWN_KEY,
    /** It names a trusted key, which did not sign this. */
    INVALID
  }

  /**
   * A verdict.
   *
   * @param detail one line for people
   */
  public record Check(Verdict verdict, String detail) {
    public boolean isValid() {
      return verdict == Verdict.VALID;
    }
  }

  /**
   * Reads keys.
   *
   * @param files PEM with one or more Ed25519 public keys each, X.509
   * @throws ModelLogException if one holds none, or other keys
   */
  public static TrustedKeys read(List<Path> files) throws IOException {
    TrustedKeys trusted = new TrustedKeys();
    for (Path file : files) {
      for (byte[] der : Pem.read(file, ModelKeys.PUBLIC)) {
        try {
          PublicKey key =
              KeyFactory.getInstance(ModelKeys.ALGORITHM)
                  .generatePublic(new X509EncodedKeySpec(der));
          trusted.keys.put(ModelKeys.id(key), key);
        } catch (GeneralSecurityException e) {
          throw new ModelLogException(
              "key file "
                  + file
                  + " holds a public key that is not "
                  + ModelKeys.ALGORITHM
                  + ", expected only such keys (make one with: model keygen)",
              e);
        }
      }
    }
    return trusted;
  }

  private TrustedKeys() {}

  /** Without keys, signatures cannot be asked for. */
  public boolean isEmpty() {
    return keys.isEmpty();
  }

  /** Of the signature alone: that the artifact has the release's digest is for others to check. */
  public Check check(ModelRelease release) {
    String model = ModelNames.releaseKey(release.getModel());
    ModelSignature signature = release.getSignature();
    if (signature == null) {
      return new Check(
          Verdict.UNSIGNED, model + " is not signed, expected by one of " + keys.keySet());
    }
    PublicKey key = keys.get(signature.getKeyId());
    if (key == null) {
      return new Check(
          Verdict.UNKNOWN_KEY,
          model
              + " is signed by key "
              + signature.getKeyId()
              + ", expected one of "
              + keys.keySet());
    }
    byte[] signed = new byte[signature.getSignature().remaining()];
    signature.getSignature().duplicate().get(signed);
    byte[] statement = ReleaseStatement.of(release.getModel(), release.getBytes());
    return isRight(key, statement, signed)
        ? new Check(Verdict.VALID, model + " is signed by key " + signature.getKeyId())
        : new Check(
            Verdict.INVALID,
            "the signature of "
                + model
                + " is not that of key "
                + signature.getKeyId()
                + " for this name, version, digest and size");
  }

  private static boolean isRight(PublicKey key, byte[] statement, byte[] signed) {
    try {
      return SigningKey.verify(key, statement, signed);
    } catch (SignatureException e) { // Not even the form of a signature.
      return false;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the key was read as one of " + ModelKeys.ALGORITHM, e);
    }
  }
}
