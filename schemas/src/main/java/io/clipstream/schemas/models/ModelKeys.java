package io.clipstream.schemas.models;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.util.HexFormat;
import java.util.Set;

/** Pairs of Ed25519 keys (RFC 8032) as PEM files, as OpenSSL writes them too. */
public final class ModelKeys {
  static final String ALGORITHM = "Ed25519";
  static final String PRIVATE = "PRIVATE KEY";
  static final String PUBLIC = "PUBLIC KEY";
  private static final int ID_DIGITS = 16;

  private ModelKeys() {}

  /**
   * Makes a pair of keys.
   *
   * @param privateFile made as PKCS #8; only its owner may read it
   * @param publicFile made as X.509 SubjectPublicKeyInfo
   * @return the id of the public key, as releases name it
   * @throws ModelLogException if one of the files exists
   */
  public static String generate(Path privateFile, Path publicFile) throws IOException {
    KeyPair pair;
    try {
      pair = KeyPairGenerator.getInstance(ALGORITHM).generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Java 15 and newer have " + ALGORITHM, e);
    }
    if (Files.exists(publicFile)) {
      throw taken(publicFile, null);
    }
    boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    FileAttribute<?>[] ownerOnly =
        posix
            ? new FileAttribute<?>[] {
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
            }
            : new FileAttribute<?>[0];
    write(privateFile, Pem.encode(PRIVATE, pair.getPrivate().getEncoded()), ownerOnly);
    write(publicFile, Pem.encode(PUBLIC, pair.getPublic().getEncoded()));
    return id(pair.getPublic());
  }

  private static void write(Path file, String text, FileAttribute<?>... attributes)
      throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), attributes)) {
      ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (FileAlreadyExistsException e) {
      throw taken(file, e);
    }
  }

  private static ModelLogException taken(Path file, Throwable cause) {
    return new ModelLogException(
        file + " exists, and keys are not replaced: choose another name or remove it", cause);
  }

  /** The first digits of the SHA-256 of the key in its X.509 form. */
  static String id(PublicKey key) {
    MessageDigest digest = FileDigest.newSha256();
    return HexFormat.of().formatHex(digest.digest(key.getEncoded())).substring(0, ID_DIGITS);
  }
}
