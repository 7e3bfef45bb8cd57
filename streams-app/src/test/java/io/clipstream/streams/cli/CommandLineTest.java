package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class CommandLineTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "demmo | clipstream: unknown command demmo, did you mean demo? (see clipstream --help)",
        "demo --exi | clipstream: unknown option --exi, did you mean --exit? (see clipstream demo"
            + " --help)",
        "predict --tpo 3 x.mp4 | clipstream: unknown option --tpo, did you mean --top? (see"
            + " clipstream predict --help)",
        "predict --tpo | clipstream: unknown option --tpo, did you mean --top? (see clipstream predict"
            + " --help)",
        "predict -x.mp4 | clipstream: unknown option -x.mp4 (see clipstream predict --help)",
        "check --set model.path | clipstream: --set is 'model.path', expected KEY=VALUE (see"
            + " clipstream check --help)",
        "predict --views 4y3 x.mp4 | clipstream: views is '4y3', expected 1 to 10000 clips, or clips"
            + " x crops (1 or 3), such as 1 or 4x3",
        "predict --json --csv x.mp4 | clipstream: --json and --csv exclude each other, expected one"
            + " of them (see clipstream predict --help)",
        "predict [a.mp4 | clipstream: glob is '[a.mp4', expected for example 'videos/*.mp4':"
            + " Missing ']",
        "submit nowhere.mp4 | clipstream: no file at nowhere.mp4: expected a video file or an"
            + " http(s) address",
        "submit --set kafka.bootstrap.servers=127.0.0.1:1 http://a/b.mp4 --id x y --id z"
            + " | clipstream: option '--id' (ID) should be specified only once (see clipstream submit"
            + " --help)",
        "bench pipeline --samples 0 | clipstream: --samples is 0, expected a whole number of at least"
            + " 1",
        "bench pipeline --decode-threads 0 pom.xml | clipstream: --decode-threads:"
            + " pipeline.decode-threads is '0', expected auto or a whole number from 1 to 1024",
        "bench classify --batches 1,4,4 | clipstream: --batches, ascending, is 4, expected a whole"
            + " number of at least 5",
        "bench classify --device gpux | clipstream: device is 'gpux', expected auto, cpu, or GPUs"
            + " such as gpu0,gpu1",
        "eval M.pt --data x.csv --threads 0 | clipstream: --threads is 0, expected a whole number of"
            + " at least 1",
        "bench decode pom.xm | clipstream: no file at pom.xm: expected a video, did you mean pom.xml?",
        "model publish pom.xm | clipstream: pom.xm: no such file, expected a model (.pt), did you mean"
            + " pom.xml?",
        "model canary a-1 --percent 200 | clipstream: --percent is 200.0, expected 0 to 100",
        "model shadow | clipstream: model shadow needs NAME-VERSION, or --off to end it",
        "model keygen target/clases/k | clipstream: no folder {target}/clases, expected one for the"
            + " keys, did you mean {target}/classes?",
        "model activte a-1 | clipstream: unknown command activte, did you mean activate? (see"
            + " clipstream model --help)",
        "topics | clipstream: topics needs a command: create (see clipstream topics --help)",
        "topics create --partitions 0 | clipstream: --partitions is 0, expected a whole number from"
            + " 1 to 100000",
        "diff a@1..x b | clipstream: range is 'a@1..x', expected TOPIC or TOPIC@FROM..TO with"
            + " offsets, or times such as 2026-11-26T10:00:00Z",
        "diff a@5..2 b | clipstream: range is 'a@5..2', expected an end that is not before the"
            + " beginning",
        "run --set =5 | clipstream: --set: a value has no key, expected KEY=VALUE",
        "run -c target | clipstream: target is a folder, expected a configuration, which is a"
            + " properties file",
        "submit s3://b/k | clipstream: s3://b/k: s3: is not fetched; use a presigned https address",
        "submit ftp://x/y | clipstream: ftp://x/y: scheme ftp: is not one of file, http, https",
        "demo --exit --timeout -1 | clipstream: --timeout is -1, expected at least 1 (see clipstream"
            + " demo --help)",
        "run --set batch.max-clip=3 | clipstream: --set: unknown key batch.max-clip, did you mean"
            + " batch.max-clips?",
        "run -c nowhere.properties | clipstream: no configuration at nowhere.properties: no such file, expected"
            + " a properties file",
        "demo --exit --root target/clases | clipstream: --root names target/clases, expected a"
            + " folder that exists, did you mean target/classes?",
        "run --set fetch.file-roots=pom.xml | clipstream: --set: fetch.file-roots is 'pom.xml',"
            + " expected folders, separated by commas: pom.xml is no folder",
        "run --set pipeline.work-directory=pom.xml | clipstream: --set: pipeline.work-directory is"
            + " 'pom.xml', expected temp or a folder, made if need be",
      })
  void shouldSayInOneLineWhatWasWrong(String arguments, String message) {
    int code = run(arguments.split(" "));

    String target = Path.of("target").toAbsolutePath().toString();
    assertThat(err.toString())
        .isEqualTo(message.replace("{target}", target) + System.lineSeparator());
    assertThat(code).isNotZero();
    assertThat(out.toString()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "submit pom.xml",
        "watch",
        "correct a b",
        "topics create",
        "repartition",
        "model list",
        "model rollback",
        "diff a b",
      })
  void shouldNameTheHostOfTheBrokersThatCannotBeLookedUp(String command) {
    String servers = "no.such.host.invalid:9092";

    int code = run((command + " --set kafka.bootstrap.servers=" + servers).split(" "));

    assertThat(err.toString())
        .startsWith(
            "clipstream: no Kafka answers at "
                + servers
                + " (there is no host no.such.host.invalid): ")
        .endsWith(
            "; ./clipstream demo starts one at 127.0.0.1:"
                + DemoPorts.KAFKA
                + System.lineSeparator())
        .hasLineCount(1);
    assertThat(code).isEqualTo(1);
  }

  @Test
  void shouldNameTheCommandsWhereNoneIsGiven() {
    assertThat(run()).isEqualTo(CommandLine.ExitCode.USAGE);
    assertThat(err.toString())
        .startsWith("clipstream: it needs a command: demo, run, topics, ")
        .endsWith(" (see clipstream --help)" + System.lineSeparator())
        .hasLineCount(1);
  }

  @Test
  void shouldAdviseAnotherStartWhereTheBrokersCannotBeLookedUp() {
    int code = run("run", "--set", "kafka.bootstrap.servers=no.such.host.invalid:9092");

    assertThat(err.toString())
        .isEqualTo(
            "clipstream: --set: kafka.bootstrap.servers cannot be used: there is no host"
                + " no.such.host.invalid"
                + System.lineSeparator());
    assertThat(code).isEqualTo(RestartException.EXIT_CODE);
  }

  /** As of a script's variable that is not set. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "predict _ | clipstream: an argument is empty, expected a video",
        "submit _ | clipstream: an argument is empty, expected a video",
        "predict x.mp4 --model _ | clipstream: Invalid value for option '--model': it is empty,"
            + " expected the name of a file or folder (see clipstream predict --help)",
        "bench decode _ | clipstream: Invalid value for positional parameter at index 0..* (FILE): it"
            + " is empty, expected the name of a file or folder (see clipstream bench decode --help)",
        "eval M.pt --data _ | clipstream: Invalid value for option '--data': it is empty, expected"
            + " the name of a file or folder (see clipstream eval --help)",
        "model import _ -o a-1.pt | clipstream: the checkpoint's name is empty, expected a file or an"
            + " address",
        "run -c _ | clipstream: Invalid value for option '--config': it is empty, expected the name of"
            + " a file or folder (see clipstream run --help)",
      })
  void shouldNotTakeAnEmptyNameForThisFolder(String arguments, String message) {
    String[] words = arguments.split(" ");
    Arrays.setAll(words, i -> words[i].equals("_") ? "" : words[i]);

    assertThat(run(words)).isNotZero();
    assertThat(err.toString()).isEqualTo(message + System.lineSeparator());
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void shouldSayThatAFileIsMissingOrNoVideo(@TempDir Path directory) throws Exception {
    Path text = Files.writeString(directory.resolve("notes.mp4"), "not a video\n");

    int code = run("predict", "--json", text.toString());

    assertThat(code).isEqualTo(1);
    assertThat(out.toString()).contains("\"reason\":\"NOT_A_VIDEO\"").hasLineCount(1);
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void shouldPredictAFolderAndGoOnAfterABadFile(@TempDir Path directory) throws Exception {
    demo("pan-left.avi", directory.resolve("b.AVI"));
    demo("not-a-video.mp4", directory.resolve("a.mp4"));
    demo("clips.csv", directory.resolve("clips.csv"));
    demo("shake.mp4", directory.resolve(".hidden.mp4"));

    int code = run("predict", directory.toString());

    assertThat(code).isEqualTo(1);
    assertThat(err.toString()).isEmpty();
    assertThat(out.toString().lines().toList())
        .hasSize(11)
        .satisfies(
            lines -> {
              assertThat(lines.get(0)).startsWith(directory + "/a.mp4: rejected, NOT_A_VIDEO: ");
              assertThat(lines.get(1)).isEqualTo("Current video file: " + directory + "/b.AVI");
              assertThat(lines.get(2)).isEqualTo("        top-1 class: 1");
              assertThat(lines.get(3)).matches(" {8}top-1 score: 0\\.[0-9]{4,10}");
              assertThat(lines.get(4)).isEqualTo("        top-1 name:  pan_left");
              assertThat(lines.get(8)).startsWith("        top-5  0.0");
              assertThat(lines.get(10)).matches(" {8}time: decode \\d+ ms, classify \\d+ ms; .*");
            });
  }

  @Test
  void shouldPredictTheMatchesOfAGlobAsCsv(@TempDir Path directory) throws Exception {
    demo("static.mov", directory.resolve("a, \"1\".mov"));
    demo("shake.mp4", Files.createDirectory(directory.resolve("sub")).resolve("c.mp4"));
    demo("shake.mp4", directory.resolve("d.mkv"));

    int code =
        run("predict", "--csv", "--top", "1", directory + "/**.m{ov,p4}", directory + "/*.gif");

    assertThat(code).isEqualTo(1);
    assertThat(err.toString()).isEmpty();
    List<String> lines = out.toString().lines().toList();
    assertThat(lines.get(0))
        .isEqualTo("file,class_1,name_1,score_1,views,decode_ms,classify_ms,note,reason,detail");
    assertThat(lines.get(1))
        .startsWith('"' + directory.toString() + "/a, \"\"1\"\".mov\",0,static,0.")
        .endsWith(",,,");
    assertThat(lines.get(2)).startsWith(directory + "/sub/c.mp4,9,shake,0.");
    assertThat(lines.get(3)).isEqualTo(directory + "/*.gif,,,,,,,,NOT_FOUND,no file matches");
    assertThat(lines).hasSize(4);
  }

  @Test
  void shouldSayInOneLineThatAFolderHasNoVideo(@TempDir Path directory) throws Exception {
    Files.writeString(directory.resolve("notes.txt"), "no video\n");

    int code = run("predict", directory.toString());

    assertThat(code).isEqualTo(1);
    assertThat(out.toString())
        .isEqualTo(directory + ": rejected, NOT_FOUND: no video in this folder\n");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void shouldGoOnAfterAFileForWhichTheNetworkFails(@TempDir Path directory) throws Exception {
    demo("static.mov", directory.resolve("a.mov"));
    demo("shake.mp4", directory.resolve("b.mp4"));
    ModelArtifact bundled = ModelArtifact.bundled();
    Map<String, Weights> weights = new LinkedHashMap<>(Swin3d.read(bundled.path()));
    float[] bias = weights.get("head.bias").toArray();
    bias[3] = Float.NaN;
    weights.put("head.bias", Weights.of(List.of(bias.length), bias));
    ModelManifest manifest = bundled.manifest();
    Path broken = directory.resolve("broken-1.pt");
    Swin3d.write(broken, Swin3dConfig.fromMap(manifest.architecture()), weights, manifest);

    int code = run("predict", "--model", broken.toString(), directory.toString());

    String reason =
        ": rejected, CLASSIFIER_FAILED: camera-motion-4 gives a logit that is not a finite number";
    assertThat(code).isEqualTo(1);
    assertThat(out.toString().lines())
        .containsExactly(directory + "/a.mov" + reason, directory + "/b.mp4" + reason);
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void shouldGoOnAfterAFolderThatCannotBeRead(@TempDir Path directory) throws Exception {
    Path locked = Files.createDirectory(directory.resolve("locked"));
    demo("static.mov", directory.resolve("a.mov"));
    Files.setPosixFilePermissions(locked, Set.of());
    assumeFalse(Files.isReadable(locked), "root reads every folder");

    int code = run("predict", locked.toString(), directory.resolve("a.mov").toString());

    assertThat(code).isEqualTo(1);
    assertThat(out.toString())
        .startsWith(locked + ": rejected, NOT_FOUND: it cannot be read: ")
        .contains("Current video file: " + directory + "/a.mov");
  }

  @Test
  void shouldShowTheStackTraceOnlyWhenAsked() {
    run("--debug", "run", "--set", "batch.max-clip=3");

    assertThat(err.toString())
        .contains("unknown key batch.max-clip")
        .contains("\tat io.clipstream");
  }

  @Test
  void shouldRefuseAWrongSettingBeforeAnythingIsMade(@TempDir Path directory) {
    Path work = directory.resolve("work");

    int code =
        run(
            "run",
            "--set",
            "pipeline.work-directory=" + work,
            "--set",
            "kafka.state.dir=" + directory.resolve("state"),
            "--set",
            "pipeline.max-pending=0");

    assertThat(code).isEqualTo(1);
    assertThat(err.toString())
        .isEqualTo(
            "clipstream: --set: pipeline.max-pending is '0', expected a whole number from 1 to"
                + " 10000000"
                + System.lineSeparator());
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void shouldNameTheKeyOfAHealthPortThatIsTaken() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int code = run("run", "--set", "health.port=" + taken.getLocalPort());

      assertThat(code).isEqualTo(1);
      assertThat(err.toString())
          .startsWith("clipstream: health.port is " + taken.getLocalPort())
          .hasLineCount(1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "run, SERVICE",
    "run -c run, SERVICE",
    "submit run, COMMAND",
    "watch --rejected, COMMAND",
    "predict run --debug, DEBUG",
    "predict -- --debug, COMMAND",
    "--debug submit run, DEBUG",
    "run --debug, DEBUG",
    "model inspect run, COMMAND",
  })
  void shouldLogAsTheCommandSays(String arguments, LogLevels levels) {
    CommandLine.ParseResult parsed = Clipstream.commandLine().parseArgs(arguments.split(" "));

    assertThat(Clipstream.logLevels(parsed)).isEqualTo(levels);
  }

  @Test
  void shouldDescribeEveryCommand() {
    CommandLine command = Clipstream.commandLine();

    assertThat(command.getSubcommands().keySet())
        .contains(
            "demo", "run", "submit", "watch", "diff", "topics", "predict", "train", "eval",
            "bench");
    for (CommandLine sub : command.getSubcommands().values()) {
      assertThat(sub.getUsageMessage()).contains("--help");
      assertThat(sub.getCommandSpec().usageMessage().description()).isNotEmpty();
    }
  }

  private static void demo(String name, Path to) throws IOException {
    try (InputStream in =
        DemoCommand.class.getResourceAsStream("/io/clipstream/streams/demo/" + name)) {
      Files.copy(in, to);
    }
  }

  private int run(String... arguments) {
    return Clipstream.commandLine()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(arguments);
  }
}
