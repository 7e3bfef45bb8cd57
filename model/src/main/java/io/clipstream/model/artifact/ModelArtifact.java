package io.clipstream.model.artifact;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;

/**
 * A model's file, {@code NAME-VERSION.pt}: a TorchScript archive with its manifest in {@code
 * extra/manifest.json}. Opened means: the file is whole, its manifest was read and fits. The file
 * must stay as it is while the artifact is used. Immutable.
 */
public final class ModelArtifact {
  private static final String MANIFEST = "manifest.json";

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          // A newer writer may tell more than this reader knows.
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private final Path path;
  private final ModelManifest manifest;
  private final String digest;

  private ModelArtifact(Path path, ModelManifest manifest, String digest) {
    this.path = path;
    this.manifest = manifest;
    this.digest = digest;
  }

  /**
   * Reads the whole file once for its digest and once for the checksums of its entries.
   *
   * @throws IOException if it is no artifact or damaged; the message is one line that begins with
   *     the file
   */
  public static ModelArtifact open(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException(
          file
              + ": "
              + (Files.exists(file) ? "not a file" : "no such file")
              + ", expected a model (.pt)");
    }
    try (TorchArchive archive = TorchArchive.open(file)) {
      if (!archive.hasExtra(MANIFEST)) {
        throw new IOException(
            "a TorchScript archive, but no clipstream model: it has no extra/" + MANIFEST);
      }
      archive.verify();
      ModelManifest manifest = parse(archive.extra(MANIFEST));
      return new ModelArtifact(file, manifest, sha256(file));
    } catch (IOException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  private static ModelManifest parse(String json) throws IOException {
    ModelManifest manifest;
    try {
      manifest = JSON.readValue(json, ModelManifest.class);
    } catch (JsonProcessingException e) {
      String message =
          e.getCause() instanceof IllegalArgumentException cause
              ? cause.getMessage()
              : e.getOriginalMessage();
      throw new IOException("its manifest cannot be read: " + message, e);
    }
    Object classes = manifest.architecture().get("classes");
    if (classes instanceof Integer n && n != manifest.labels().size()) {
      throw new IOException(
          "its manifest has "
              + manifest.labels().size()
              + " labels, expected "
              + n
              + " as architecture.classes says");
    }
    return manifest;
  }

  /** Writes an artifact; the file is replaced in one step. */
  public static void write(Path file, ModelManifest manifest, String source, ScriptObject network)
      throws IOException {
    byte[] json = JSON.writeValueAsBytes(manifest);
    TorchArchiveWriter.write(file, manifest.id(), source, network, Map.of(MANIFEST, json));
  }

  public Path path() {
    return path;
  }

  public ModelManifest manifest() {
    return manifest;
  }

  /** SHA-256 of the file, 64 lower-case hex digits. */
  public String digest() {
    return digest;
  }

  private static String sha256(Path file) throws IOException {
    MessageDigest sha256;
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), sha256)) {
      byte[] chunk = new byte[1 << 16];
      while (in.read(chunk) >= 0) {
        // read for the digest alone
      }
    }
    return HexFormat.of().formatHex(sha256.digest());
  }
}
