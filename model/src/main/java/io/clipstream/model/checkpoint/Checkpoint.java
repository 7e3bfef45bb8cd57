package io.clipstream.model.checkpoint;

import io.clipstream.model.FileKind;
import io.clipstream.model.FileProblem;
import io.clipstream.model.Printable;
import io.clipstream.model.artifact.MappedZip;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.TorchArchive;
import io.clipstream.model.artifact.Unpickler;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.swin.Swin3d;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The tensors of a checkpoint file, by the names they have there. Reading one runs nothing that is
 * in it. Tensors are mapped, not read: the file must stay as it is while they are used.
 */
public final class Checkpoint {
  /** Who wrote the file. */
  public enum Format {
    /** {@code torch.save} since PyTorch 1.6. */
    TORCH_ZIP("PyTorch, zip"),
    /**
     * {@code torch.save} before PyTorch 1.6, or with {@code _use_new_zipfile_serialization=False}.
     */
    TORCH_LEGACY("PyTorch, before 1.6"),
    /** {@code paddle.save}: a pickle of NumPy arrays. Weights of linear layers are transposed. */
    PADDLE("PaddlePaddle"),
    SAFETENSORS("safetensors"),
    /** Several files and their index. */
    SHARDED("several files"),
    /** An artifact of clipstream. */
    CLIPSTREAM("clipstream");

    private final String title;

    Format(String title) {
      this.title = title;
    }

    @Override
    public String toString() {
      return title;
    }
  }

  /** Completes the message about what a pickle holds beyond weights. */
  static final String USER = "no set of weights";

  private final Path file;
  private final Format format;
  private final StateDict weights;
  private final Optional<ModelManifest> manifest;
  private final long bytes;

  private Checkpoint(
      Path file, Format format, StateDict weights, Optional<ModelManifest> manifest, long bytes) {
    this.file = file;
    this.bytes = bytes;
    this.format = format;
    this.weights = weights;
    this.manifest = manifest;
  }

  private static StateDict alone(Map<String, StoredTensor> tensors) {
    return new StateDict(StateDict.TOP, tensors, Map.of(), List.of());
  }

  /** As the other, with the weights that are usual where there are several. */
  public static Checkpoint open(Path file) throws IOException {
    return open(file, Optional.empty());
  }

  /**
   * Reads the directory of a checkpoint, whatever its format: contents count, not the name.
   *
   * @param wanted which weights, where there are several, such as {@code model_ema}
   * @throws IOException if the file does not exist, is none of {@link Format}, is cut off or
   *     damaged, or holds no such weights; one line that begins with the file
   */
  public static Checkpoint open(Path file, Optional<String> wanted) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException(
          file
              + ": "
              + (Files.exists(file) ? "not a file" : FileProblem.missing(file))
              + ", expected a checkpoint");
    }
    try {
      ShardIndex.refusePart(file);
      Checkpoint checkpoint = read(file, wanted, true);
      if (checkpoint.tensors().isEmpty()) {
        throw new IOException("holds no tensors");
      }
      if (wanted.isPresent() && !wanted.get().equals(checkpoint.weights.name())) {
        throw new IOException(
            "a file of "
                + checkpoint.format
                + " holds one set of weights, expected no --weights for it");
      }
      return checkpoint;
    } catch (IOException e) {
      String message = String.valueOf(e.getMessage());
      if (message.endsWith(": refused")) {
        message += "; save its weights alone, torch.save(model.state_dict(), FILE)";
      }
      throw new IOException(message.startsWith(file + ": ") ? message : file + ": " + message, e);
    }
  }

  private static Checkpoint read(Path file, Optional<String> wanted, boolean indexToo)
      throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer head = ByteBuffer.allocate(FileKind.HEAD).order(ByteOrder.LITTLE_ENDIAN);
      while (head.hasRemaining() && channel.read(head) >= 0) {
        // until full or at the end
      }
      head.flip();
      if (head.limit() >= 4 && head.getInt(0) == 0x04034b50) {
        return zip(file, wanted);
      }
      boolean begun =
          head.limit() >= 9
              && head.get(8) == '{'
              && head.getLong(0) > 0
              && head.getLong(0) <= SafeTensors.MAX_HEADER_OF_FORMAT;
      boolean oldTar = isTarOfTorch(head);
      String kind = begun || oldTar ? "" : FileKind.of(head);
      if (!kind.isEmpty()) {
        throw new IOException(kind);
      }
      boolean named = String.valueOf(file.getFileName()).endsWith(".safetensors");
      if (begun
          || (named && head.limit() > 0)) { // A bad header too: its reader says what is wrong.
        SafeTensors safeTensors = SafeTensors.read(channel);
        return new Checkpoint(
            file,
            Format.SAFETENSORS,
            alone(safeTensors.tensors()),
            safeTensors.manifest(),
            channel.size());
      }
      if (head.limit() >= 2 && head.get(0) == (byte) 0x80) {
        PickleFile pickle = PickleFile.read(channel, wanted);
        return new Checkpoint(
            file, pickle.format(), pickle.weights(), Optional.empty(), channel.size());
      }
      if (indexToo && head.limit() > 0 && head.get(0) == '{') {
        return sharded(file);
      }
      if (oldTar) {
        throw new IOException(
            "a tar file, as PyTorch wrote before version 0.2: load it there and save it anew");
      }
      throw new IOException(
          head.limit() == 0
              ? "an empty file, expected a checkpoint"
              : "not a checkpoint, expected .pth, .pdparams, .safetensors or .pt");
    }
  }

  /** Whether it is a tar file whose first file is one of those that PyTorch put there. */
  private static boolean isTarOfTorch(ByteBuffer head) {
    String text = StandardCharsets.ISO_8859_1.decode(head.duplicate()).toString();
    return text.startsWith("ustar", 257)
        && List.of("sys_info", "pickle", "tensors", "storages")
            .contains(text.substring(0, text.indexOf(0)));
  }

  private static Checkpoint sharded(Path index) throws IOException {
    Map<Path, Long> sizes = new LinkedHashMap<>();
    Map<String, StoredTensor> tensors =
        ShardIndex.tensors(
            index,
            shard -> {
              if (!Files.isRegularFile(shard)) {
                throw new IOException(
                    Printable.name(shard.getFileName().toString())
                        + ", which it names, is not beside it");
              }
              Checkpoint part = part(shard);
              sizes.put(shard, part.bytes);
              return part;
            });
    long bytes = sizes.values().stream().mapToLong(Long::longValue).sum();
    return new Checkpoint(index, Format.SHARDED, alone(tensors), Optional.empty(), bytes);
  }

  private static Checkpoint part(Path shard) throws IOException {
    try {
      return read(shard, Optional.empty(), false);
    } catch (IOException e) {
      throw new IOException(
          Printable.name(shard.getFileName().toString()) + ": " + e.getMessage(), e);
    }
  }

  private static Checkpoint zip(Path file, Optional<String> wanted) throws IOException {
    try (MappedZip zip = MappedZip.open(file)) {
      String folder = folder(zip);
      if (zip.has(folder + "constants.pkl")) {
        return artifact(file);
      }
      String data = folder + "data/";
      if (zip.has(folder + "byteorder")) {
        String order = StandardCharsets.US_ASCII.decode(zip.map(folder + "byteorder")).toString();
        if (!order.equals("little")) {
          throw new IOException("its elements are not little-endian: save it anew");
        }
      }
      zip.verify();
      CheckpointTypes types =
          new CheckpointTypes(
              "data.pkl",
              key -> {
                ByteBuffer bytes = zip.map(data + key);
                return () -> bytes;
              });
      Object root = new Unpickler("data.pkl", USER, zip.map(folder + "data.pkl"), types).read();
      return new Checkpoint(
          file, Format.TORCH_ZIP, StateDict.find(root, wanted), Optional.empty(), Files.size(file));
    }
  }

  /**
   * Where data.pkl is, with a slash behind: in a folder, as PyTorch writes it, or elsewhere, as
   * those have it who packed a checkpoint anew.
   */
  private static String folder(MappedZip zip) throws IOException {
    String folder = null;
    String other = null; // what else it holds that tells what it is
    for (String name : zip.names()) {
      if (name.equals("data.pkl") || name.endsWith("/data.pkl")) {
        String found = name.substring(0, name.length() - "data.pkl".length());
        folder = folder == null || depth(found) < depth(folder) ? found : folder;
      } else if (name.matches(".*\\.(pth|pt|pdparams|safetensors|npy)")) {
        other = other == null ? name.substring(name.lastIndexOf('/') + 1) : other;
      }
    }
    if (folder == null) {
      throw new IOException(
          "a zip file, but no checkpoint of PyTorch: "
              + (other == null
                  ? "it has no data.pkl"
                  : other.endsWith(".npy")
                      ? "it holds arrays of NumPy, as .npz files do"
                      : "it holds " + Printable.name(other) + ": unpack it first"));
    }
    return folder;
  }

  private static long depth(String folder) {
    return folder.chars().filter(c -> c == '/').count();
  }

  private static Checkpoint artifact(Path file) throws IOException {
    try (TorchArchive archive = TorchArchive.open(file)) {
      if (!archive.hasExtra("manifest.json")) {
        throw new IOException(
            "a TorchScript archive that is not clipstream's: clipstream model wrap makes a model"
                + " of it, import takes weights alone (torch.save of a state_dict)");
      }
    }
    ModelManifest manifest = ModelArtifact.open(file).manifest();
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    for (Map.Entry<String, Weights> e : Swin3d.read(file).entrySet()) {
      tensors.put(e.getKey(), StoredTensor.of(e.getValue()));
    }
    return new Checkpoint(
        file, Format.CLIPSTREAM, alone(tensors), Optional.of(manifest), Files.size(file));
  }

  /** Names of further weights that it holds, such as averages of them: {@code model_ema}. */
  public List<String> others() {
    return weights.others();
  }

  /** What has a name among the weights and is no tensor, by what it is. */
  Map<String, String> opaque() {
    return weights.opaque();
  }

  public Format format() {
    return format;
  }

  Path file() {
    return file;
  }

  /** Of the whole file. */
  long bytes() {
    return bytes;
  }

  /** What the model is, where the file says so: artifacts, and what was exported from them. */
  public Optional<ModelManifest> manifest() {
    return manifest;
  }

  /** By name, in the order of the file. */
  Map<String, StoredTensor> tensors() {
    return Collections.unmodifiableMap(weights.tensors());
  }
}
