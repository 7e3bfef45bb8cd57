package io.clipstream.streams.app;

import io.clipstream.model.Nearest;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.checkpoint.Checkpoint;
import io.clipstream.model.checkpoint.CheckpointDownload;
import io.clipstream.model.checkpoint.Kinetics400;
import io.clipstream.model.checkpoint.Swin3dImport;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.CropSize;
import io.clipstream.model.infer.GoldenCheck;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code clipstream model import}: other people's weights become an artifact. */
@Command(
    name = "import",
    description =
        "Make a model of a checkpoint: .pth of torchvision, Video-Swin-Transformer or MMAction2,"
            + " .pdparams of PaddleVideo, .safetensors, our own .pt, or a 2D Swin Transformer as a"
            + " start of training. Nothing in the file is run.")
final class ModelImportCommand implements Callable<Integer> {
  private static final Pattern SHA256 = Pattern.compile("[0-9a-fA-F]{8,64}");
  private static final Pattern OUTPUT = Pattern.compile("(.+?)(?:-(\\d[a-z0-9._]*))?\\.pt");

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "CHECKPOINT", description = "A file or an https: address.")
  private String checkpoint;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "M.pt",
      required = true,
      description = "Where the model goes; NAME-VERSION.pt also names it.")
  private Path output;

  @Option(
      names = "--arch",
      paramLabel = "ARCH",
      description = "Refuse all but swin3d_t, swin3d_s, swin3d_b or swin3d_l.")
  private String architecture;

  @Option(
      names = "--labels",
      paramLabel = "FILE",
      description = "A label a line, in the order of the classes. By default Kinetics-400's.")
  private Path labels;

  @Option(
      names = "--fresh-head",
      description = "Replace the last layer by a fresh one for the labels: a start of training.")
  private boolean freshHead;

  @Option(
      names = "--window",
      paramLabel = "T,H,W",
      split = ",",
      description = "Tokens of a window, where the checkpoint does not tell; 8,7,7 from 2D.")
  private List<Integer> window;

  @Option(names = "--name", description = "Name of the model; by default that of the output.")
  private String name;

  @Option(
      names = "--model-version",
      paramLabel = "VERSION",
      description = "Version of the model; by default that of the output, or 1.")
  private String version;

  @Option(
      names = "--views",
      paramLabel = "VIEWS",
      description = "Clips and crops of a video that predict takes by default: 1 or 4x3.")
  private String views;

  @Option(names = "--frames", description = "Frames of a clip.")
  private Integer frames;

  @Option(names = "--fps", description = "Frames a second of a clip.")
  private Double framesPerSecond;

  @Option(
      names = "--stride",
      paramLabel = "N",
      description = "Or every Nth frame of the video, whatever its rate.")
  private Integer stride;

  @Option(
      names = "--short-side",
      description = "Pixels of the shorter side after scaling; more where the crop would not fit.")
  private Integer shortSide;

  @Option(
      names = "--crop",
      paramLabel = "SIDE|HxW",
      description = "Pixels that are cut out: a square's side, or height and width.")
  private String crop;

  @Option(
      names = "--sha256",
      paramLabel = "HEX",
      description = "First digits (8 to 64) of the checkpoint's SHA-256; else those in its name.")
  private String sha256;

  @Option(names = "--json", description = "One JSON object.")
  private boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException {
    check();
    Path file = file();
    String digest = CheckpointDownload.digest(file);
    if (sha256 != null && !digest.startsWith(sha256.toLowerCase(Locale.ROOT))) {
      throw new UserError(
          file + ": its SHA-256 is " + digest + ", expected one that begins with " + sha256);
    }
    Optional<String> named = CheckpointDownload.namedDigest(file.getFileName().toString());
    if (sha256 == null && named.isPresent() && !digest.startsWith(named.get())) {
      throw new UserError(
          file
              + ": its SHA-256 is "
              + digest
              + ", but its name says "
              + named.get()
              + ": if the file is right, rename it or give --sha256 "
              + digest.substring(0, 8));
    }
    Checkpoint opened = Checkpoint.open(file);
    Optional<List<String>> given =
        labels == null ? Optional.empty() : Optional.of(readLabels(labels));
    Swin3dImport imported =
        Swin3dImport.of(
            opened,
            new Swin3dImport.Options(
                Optional.ofNullable(architecture),
                Optional.ofNullable(window),
                freshHead || (given.isPresent() && Swin3dImport.isFlat(opened))
                    ? given.map(List::size).or(() -> Optional.of(Kinetics400.labels().size()))
                    : Optional.empty()));
    ModelManifest manifest = manifest(opened, imported, given, digest);
    GoldenCheck.write(output, imported.config(), imported.weights(), manifest);
    ModelArtifact artifact = ModelArtifact.open(output);
    if (json) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("imported", checkpointName());
      object.putAll(ModelInspectCommand.json(artifact));
      spec.commandLine().getOut().println(OutcomeWriter.toJson(object));
    } else {
      spec.commandLine()
          .getOut()
          .printf(
              Locale.ROOT,
              "%s: %s, %d labels; from %s (%s)%s%n",
              output,
              ModelInspectCommand.architecture(imported.config()),
              manifest.labels().size(),
              imported.dialect(),
              opened.format(),
              imported.freshHead()
                  ? "; "
                      + (imported.inflated() ? "inflated from 2D, " : "")
                      + "fresh head: train it"
                  : "");
    }
    return 0;
  }

  private void check() {
    if (architecture != null && !Swin3dImport.ARCHITECTURES.contains(architecture)) {
      throw new UserError(
          "--arch is '"
              + architecture
              + "', expected one of "
              + String.join(", ", Swin3dImport.ARCHITECTURES)
              + Nearest.hint(architecture, Swin3dImport.ARCHITECTURES));
    }
    if (window != null && window.size() != 3) {
      throw new UserError("--window has " + window.size() + " numbers, expected 3 such as 8,7,7");
    }
    if (sha256 != null && !SHA256.matcher(sha256).matches()) {
      throw new UserError("--sha256 is '" + sha256 + "', expected 8 to 64 hex digits");
    }
    if (crop != null) {
      CropSize.of(crop); // refused before anything is downloaded
    }
    if (!output.toString().endsWith(".pt")) {
      throw new UserError("-o is '" + output + "', expected a name that ends with .pt");
    }
  }

  private Path file() throws IOException, InterruptedException {
    if (!checkpoint.contains("://")) {
      Path file = Path.of(checkpoint);
      if (!Files.exists(file)) {
        throw new UserError(file + ": no such file" + Nearest.hint(file));
      }
      return file;
    }
    URI address;
    try {
      address = new URI(checkpoint);
    } catch (URISyntaxException e) {
      throw new UserError("'" + checkpoint + "' is no address: " + e.getReason(), e);
    }
    String cache = System.getenv("XDG_CACHE_HOME");
    Path folder =
        cache == null || cache.isBlank()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(cache);
    try (TransferBar bar = new TransferBar(spec.commandLine().getErr(), checkpointName())) {
      return new CheckpointDownload(folder.resolve("clipstream").resolve("checkpoints"), bar)
          .fetch(address, Optional.ofNullable(sha256));
    }
  }

  /** Without its folders, and without the query of an address, which can hold keys. */
  private String checkpointName() {
    String path = checkpoint.contains("://") ? checkpoint.replaceFirst("[?#].*", "") : checkpoint;
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private ModelManifest manifest(
      Checkpoint opened, Swin3dImport imported, Optional<List<String>> given, String digest) {
    Optional<ModelManifest> known = opened.manifest();
    int classes = imported.config().classes();
    List<String> names =
        given
            .or(() -> imported.freshHead() ? Optional.empty() : known.map(ModelManifest::labels))
            .orElseGet(Kinetics400::labels);
    if (names.size() != classes) {
      throw new UserError(
          "the checkpoint has "
              + classes
              + " classes, but "
              + (given.isPresent() ? labels + " has " : "Kinetics-400 has ")
              + names.size()
              + (given.isPresent()
                  ? " labels: with --fresh-head it gets a new last layer for them"
                  : ": name them with --labels"));
    }
    Map<String, String> recipe = new LinkedHashMap<>();
    known.ifPresent(manifest -> recipe.putAll(manifest.recipe()));
    recipe.put("imported.from", checkpointName());
    recipe.put("imported.sha256", digest);
    recipe.put("imported.format", opened.format().toString());
    recipe.put("imported.names", imported.dialect());
    if (imported.inflated()) {
      recipe.put("imported.inflated", "from a 2D network");
    }
    Map<String, Double> metrics =
        imported.freshHead()
            ? Map.of()
            : known.map(ModelManifest::metrics).orElse(Kinetics400.publishedMetrics(digest));
    Matcher id = OUTPUT.matcher(output.getFileName().toString().toLowerCase(Locale.ROOT));
    boolean named = id.matches();
    return new ModelManifest(
        name != null ? name : named ? id.group(1).replaceAll("[^a-z0-9._-]", "_") : "model",
        version != null ? version : named && id.group(2) != null ? id.group(2) : "1",
        names,
        clip(known.map(ModelManifest::clip).orElse(imported.clip())),
        views != null ? views : known.map(ModelManifest::views).orElse("1"),
        Map.of(),
        "training",
        "fp32",
        metrics,
        recipe,
        known.map(ModelManifest::id).orElse(""));
  }

  private ClipSpec clip(ClipSpec usual) {
    if (framesPerSecond != null && stride != null) {
      throw new UserError("--fps and --stride are two ways to choose frames, expected one of them");
    }
    boolean own = framesPerSecond != null || stride != null;
    CropSize cut = crop != null ? CropSize.of(crop) : usual.crop();
    return new ClipSpec(
        frames != null ? frames : usual.frames(),
        framesPerSecond != null ? framesPerSecond : own ? 0 : usual.framesPerSecond(),
        stride != null ? stride : own ? 0 : usual.stride(),
        // Without a short side of its own, a crop keeps the usual margin around it.
        shortSide != null
            ? shortSide
            : (int) Math.round((double) cut.shorter() * usual.shortSide() / usual.crop().shorter()),
        cut,
        usual.antialias(),
        usual.mean(),
        usual.std());
  }

  /** One label a line; lines may begin with their number, as Kinetics' lists have it. */
  private static List<String> readLabels(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new UserError(file + ": no such file" + Nearest.hint(file));
    }
    List<String> lines;
    try {
      lines =
          Files.readAllLines(file).stream().map(String::strip).filter(l -> !l.isEmpty()).toList();
    } catch (MalformedInputException e) {
      throw new UserError(file + ": not UTF-8, expected a label a line", e);
    }
    if (lines.isEmpty()) {
      throw new UserError(file + ": empty, expected a label a line");
    }
    List<String> names = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      String[] parts = lines.get(i).split("\\s+", 2);
      if (parts.length < 2 || !parts[0].equals(Integer.toString(i))) {
        return lines;
      }
      names.add(parts[1]);
    }
    return names;
  }
}
