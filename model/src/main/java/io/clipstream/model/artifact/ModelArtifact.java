package io.clipstream.model.artifact;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.clipstream.model.Nearest;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * A model's file, {@code NAME-VERSION.pt}: a TorchScript archive with its manifest in {@code
 * extra/manifest.json}. Opened means: the file is whole, its manifest was read and fits. The file
 * must stay as it is while the artifact is used. Immutable.
 */
public final class ModelArtifact {
  private static final String BUNDLED = "/io/clipstream/model/bundled/camera-motion-1.pt";
  private static final String MANIFEST = "manifest.json";
  private static final String GOLDEN = "golden.json";

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          // The same manifest gives the same bytes: the order of Map.copyOf differs from run to
          // run.
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          // A newer writer may tell more than this reader knows.
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private final Path path;
  private final ModelManifest manifest;
  private final String digest;
  private final Optional<Golden> golden;

  private ModelArtifact(Path path, ModelManifest manifest, String digest, Optional<Golden> golden) {
    this.path = path;
    this.manifest = manifest;
    this.digest = digest;
    this.golden = golden;
  }

  /**
   * Reads the whole file once for its digest and once for the checksums of its entries.
   *
   * @throws IOException if it is no artifact or damaged; the message is one line that begins with
   *     the file
   */
  public static ModelArtifact open(Path file) throws IOException {
    if (Files.exists(file) && !Files.isReadable(file)) {
      throw new IOException(file + ": not readable by this user");
    }
    if (!Files.exists(file)) {
      throw new IOException(file + ": no such file, expected a model (.pt)" + Nearest.hint(file));
    }
    if (!Files.isRegularFile(file)) {
      throw new IOException(file + ": not a file, expected a model (.pt)");
    }
    try (TorchArchive archive = TorchArchive.open(file)) {
      if (!archive.hasExtra(MANIFEST)) {
        throw new IOException(
            "a TorchScript archive, but no clipstream model: it has no extra/" + MANIFEST);
      }
      archive.verify();
      ModelManifest manifest = parse(archive.extra(MANIFEST));
      Optional<Golden> golden =
          archive.hasExtra(GOLDEN)
              ? Optional.of(golden(archive.extra(GOLDEN), manifest))
              : Optional.empty();
      return new ModelArtifact(file, manifest, sha256(file), golden);
    } catch (IOException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Opens an artifact whose digest is known, such as one that was downloaded.
   *
   * @param sha256 64 hex digits
   * @throws IOException also if the file has another digest
   */
  public static ModelArtifact open(Path file, String sha256) throws IOException {
    ModelArtifact artifact = open(file);
    if (!artifact.digest.equalsIgnoreCase(sha256)) {
      throw new IOException(file + ": its SHA-256 is " + artifact.digest + ", expected " + sha256);
    }
    return artifact;
  }

  /**
   * The camera-motion model that comes with clipstream. PyTorch loads files only, so it is copied
   * out of the jar once, to {@code clipstream} in the user's cache folder ({@code XDG_CACHE_HOME},
   * else {@code ~/.cache}), or for this process alone where that cannot be written to.
   *
   * @throws IOException if the copy cannot be written anywhere
   */
  public static ModelArtifact bundled() throws IOException {
    String cache = System.getenv("XDG_CACHE_HOME");
    Path folder =
        (cache == null || cache.isBlank()
                ? Path.of(System.getProperty("user.home"), ".cache")
                : Path.of(cache))
            .resolve("clipstream");
    byte[] model;
    try (InputStream in = ModelArtifact.class.getResourceAsStream(BUNDLED)) {
      if (in == null) {
        throw new IllegalStateException("this build holds no model " + BUNDLED);
      }
      model = in.readAllBytes();
    }
    String name = BUNDLED.substring(BUNDLED.lastIndexOf('/') + 1);
    try {
      return extract(model, name, folder);
    } catch (IOException e) {
      Path temporary = Files.createTempDirectory("clipstream");
      temporary.toFile().deleteOnExit();
      ModelArtifact artifact = extract(model, name, temporary);
      artifact.path.toFile().deleteOnExit();
      return artifact;
    }
  }

  /**
   * Opens the folder's copy of a model, which is made or made anew unless it is already the same.
   */
  static ModelArtifact extract(byte[] model, String name, Path folder) throws IOException {
    Path file = folder.resolve(name);
    String digest = hex(sha256().digest(model));
    if (!Files.isRegularFile(file) || !sha256(file).equals(digest)) {
      Files.createDirectories(folder);
      Path part = folder.resolve("." + name + "." + UUID.randomUUID() + ".part");
      try {
        Files.write(part, model, StandardOpenOption.CREATE_NEW);
        Files.move(part, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(part);
      }
    }
    return open(file, digest);
  }

  private static ModelManifest parse(String json) throws IOException {
    ModelManifest manifest = parse(json, ModelManifest.class, "manifest");
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

  private static Golden golden(String json, ModelManifest manifest) throws IOException {
    Golden golden = parse(json, Golden.class, "golden outputs");
    if (golden.logits().size() != manifest.labels().size()) {
      throw new IOException(
          "its golden outputs are "
              + golden.logits().size()
              + ", expected "
              + manifest.labels().size()
              + ", one for each label");
    }
    return golden;
  }

  private static <T> T parse(String json, Class<T> type, String what) throws IOException {
    T value;
    try {
      value = JSON.readValue(json, type);
    } catch (JsonProcessingException e) {
      String message = e.getOriginalMessage();
      if (e.getCause() instanceof IllegalArgumentException cause) {
        message = cause.getMessage();
      } else if (e.getCause() instanceof NullPointerException) {
        message = "a value is missing";
      }
      throw new IOException(
          "its " + what + " cannot be read: " + message.lines().findFirst().orElse(""), e);
    }
    if (value == null) {
      throw new IOException("its " + what + " is null");
    }
    return value;
  }

  /** Writes an artifact without golden outputs; the file is replaced in one step. */
  public static void write(Path file, ModelManifest manifest, String source, ScriptObject network)
      throws IOException {
    write(file, manifest, source, network, Optional.empty());
  }

  /**
   * Writes an artifact; the file is replaced in one step.
   *
   * @param golden what the network gives for a clip, if it was run
   */
  public static void write(
      Path file,
      ModelManifest manifest,
      String source,
      ScriptObject network,
      Optional<Golden> golden)
      throws IOException {
    Map<String, byte[]> extra = new LinkedHashMap<>();
    extra.put(MANIFEST, JSON.writeValueAsBytes(manifest));
    if (golden.isPresent()) {
      extra.put(GOLDEN, JSON.writeValueAsBytes(golden.get()));
    }
    TorchArchiveWriter.write(file, manifest.id(), source, network, extra);
  }

  public Path path() {
    return path;
  }

  public ModelManifest manifest() {
    return manifest;
  }

  /** What the network gave when the artifact was made, if that was stored. */
  public Optional<Golden> golden() {
    return golden;
  }

  /** SHA-256 of the file, 64 lower-case hex digits. */
  public String digest() {
    return digest;
  }

  private static String sha256(Path file) throws IOException {
    MessageDigest sha256 = sha256();
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), sha256)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    return hex(sha256.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
  }

  private static String hex(byte[] digest) {
    return HexFormat.of().formatHex(digest);
  }
}
