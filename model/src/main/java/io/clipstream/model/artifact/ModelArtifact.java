package io.clipstream.model.artifact;

import io.clipstream.model.CacheFolder;
import io.clipstream.model.Count;
import io.clipstream.model.FileProblem;
import io.clipstream.model.Nearest;
import io.clipstream.model.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
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
  private static final String BUNDLED = "/io/clipstream/model/bundled/camera-motion-4.pt";
  static final String MANIFEST = "manifest.json";
  static final String GOLDEN = "golden.json";

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
   * @throws IOException if the file does not exist or cannot be read, is no TorchScript archive, is
   *     damaged, or has no manifest or one that does not fit it; the message is one line that
   *     begins with the file. Keys that a newer writer added are passed over
   */
  public static ModelArtifact open(Path file) throws IOException {
    if (Files.exists(file) && !Files.isReadable(file)) {
      throw new IOException(file + ": not readable by this user");
    }
    if (!Files.exists(file)) {
      throw new IOException(
          file
              + ": "
              + FileProblem.missing(file)
              + ", expected a model (.pt)"
              + Nearest.hint(file));
    }
    if (!Files.isRegularFile(file)) {
      throw new IOException(file + ": not a file, expected a model (.pt)");
    }
    String other = otherKind(file);
    if (!other.isEmpty()) {
      throw new IOException(file + ": " + other + ", expected a model (.pt)");
    }
    try (TorchArchive archive = TorchArchive.open(file)) {
      if (!archive.hasExtra(MANIFEST)) {
        throw new IOException(
            "a TorchScript archive, but no clipstream model: it has no extra/"
                + MANIFEST
                + "; clipstream model wrap gives it one");
      }
      archive.verify();
      ModelManifest manifest = parse(archive.extra(MANIFEST));
      Optional<Golden> golden =
          archive.hasExtra(GOLDEN)
              ? Optional.of(golden(archive.extra(GOLDEN), manifest))
              : Optional.empty();
      return new ModelArtifact(file, manifest, Sha256.of(file), golden);
    } catch (IOException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  /** What a file is that is often given for a model, by its first bytes; empty if it is not. */
  private static String otherKind(Path file) throws IOException {
    byte[] head;
    try (InputStream in = Files.newInputStream(file)) {
      head = in.readNBytes(12);
    } catch (IOException e) {
      throw new IOException(file + ": " + FileProblem.of(e), e);
    }
    boolean pickle = head.length > 0 && (head[0] & 0xff) == 0x80;
    boolean safetensors = head.length > 8 && head[8] == '{' && head[7] == 0;
    return pickle || safetensors
        ? "weights without a network, of which clipstream model import makes a model"
        : "";
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
   * out of the jar once, into the {@link CacheFolder}, or for this process alone where that cannot
   * be written to.
   *
   * @throws IOException if the copy cannot be written anywhere
   */
  public static ModelArtifact bundled() throws IOException {
    byte[] model;
    try (InputStream in = ModelArtifact.class.getResourceAsStream(BUNDLED)) {
      if (in == null) {
        throw new IllegalStateException("this build holds no model " + BUNDLED);
      }
      model = in.readAllBytes();
    }
    String name = BUNDLED.substring(BUNDLED.lastIndexOf('/') + 1);
    try {
      return extract(model, name, CacheFolder.path());
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
    String digest = Sha256.of(model);
    if (!Files.isRegularFile(file) || !Sha256.of(file).equals(digest)) {
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
    ModelManifest manifest = ManifestJson.read(json);
    Object classes = manifest.architecture().get("classes");
    if (classes instanceof Integer n && n != manifest.labels().size()) {
      throw new IOException(
          "its manifest has "
              + Count.of(manifest.labels().size(), "label")
              + ", expected "
              + n
              + " as architecture.classes says");
    }
    return manifest;
  }

  private static Golden golden(String json, ModelManifest manifest) throws IOException {
    Golden golden = ManifestJson.read(json, Golden.class, "golden outputs");
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
    extra.put(MANIFEST, ManifestJson.pretty(manifest));
    if (golden.isPresent()) {
      extra.put(GOLDEN, ManifestJson.pretty(golden.get()));
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
}
