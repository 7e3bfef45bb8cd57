package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.clip.VideoEncoder;
import java.awt.image.BufferedImage;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class TrainCommandsTest {
  @TempDir Path folder;

  @Test
  void shouldSayInOneLineWhatEvalLacks() throws Exception {
    Path text = Files.writeString(folder.resolve("text.pt"), "no model");

    assertThatThrownBy(() -> eval(folder.resolve("test.pt").toString(), "--data", "x.csv"))
        .hasMessageContaining("test.pt: no such file")
        .hasMessageEndingWith(", did you mean " + text + "?");
    assertThatThrownBy(() -> eval(text.toString(), "--data", "x.csv"))
        .hasMessageContaining("text.pt")
        .extracting(Throwable::getMessage)
        .asString()
        .doesNotContain("\n");
  }

  @Test
  void shouldSayBeforeItMeasuresThatThePageCannotBeWritten() throws Exception {
    for (Path page : List.of(folder, folder.resolve("none/page.html"))) {
      assertThatThrownBy(() -> eval("gone.pt", "--data", "x.csv", "--html", page.toString()))
          .hasMessage("--html is " + page + ", expected a file in a folder that exists");
    }
  }

  @Test
  void shouldSayWhereThePhotographsAreMissing() {
    CommandLine command = new CommandLine(new GenerateCommand());
    command.parseArgs(
        "-c",
        "../trainer/recipes/camera-motion.properties",
        "-o",
        folder.resolve("data").toString(),
        "--photographs",
        folder.resolve("none").toString());

    assertThatThrownBy(() -> ((GenerateCommand) command.getCommand()).call())
        .hasMessageEndingWith("make it with trainer/fetch-photographs " + folder.resolve("none"));
  }

  /** Or an alert on trainings would not see that one failed before it had begun. */
  @Test
  void shouldTellTheMetricsOfAFailureBeforeTheTraining() {
    Path metrics = folder.resolve("training.prom");
    CommandLine command = new CommandLine(new TrainCommand());
    command.parseArgs(
        "-c",
        "../trainer/recipes/finetune.properties",
        "-o",
        folder.resolve("run").toString(),
        "--publish",
        "--kafka",
        folder.resolve("none.properties").toString(),
        "--metrics",
        metrics.toString());

    assertThatThrownBy(() -> ((TrainCommand) command.getCommand()).call())
        .hasMessageContaining("none.properties");
    assertThat(metrics)
        .content()
        .contains(
            "clipstream_training_outcome{model=\"own\",outcome=\"failed\",version=\"1\"} 1.0");
  }

  @Test
  void shouldSayInOneLineWhatEvalCannotTakeFramesAs() {
    for (String[] wrong :
        new String[][] {
          {"--frames-per-second", "0", "--frames-per-second is 0.0, expected 0.01 to 1000.0"},
          {"--frames-per-second", "NaN", "--frames-per-second is NaN, expected 0.01 to 1000.0"},
          {"--frame-names", "img.jpg", "--frame-names is img.jpg, expected names with one number"},
        }) {
      assertThatThrownBy(() -> eval("gone.pt", "--data", "x.csv", wrong[0], wrong[1]))
          .hasMessageStartingWith(wrong[2]);
    }
  }

  /** The list that feedback makes has paths relative to its own folder. */
  @Test
  void shouldTrainOnFeedbackBesideAListWithAPrefix() throws Exception {
    Path snapshot =
        Files.writeString(
            folder.resolve("nothing.json"), "{\"offsets\": {}, \"items\": [], \"rejected\": []}");
    StringBuilder list =
        new StringBuilder("path,label,split,source,start,end,start_frame,end_frame\n");
    for (int i = 0; i < 4; i++) {
      Path frames = Files.createDirectories(folder.resolve("frames/f" + i));
      for (int number = 1; number <= 12; number++) {
        BufferedImage image = new BufferedImage(160, 120, BufferedImage.TYPE_INT_RGB);
        image.setRGB(number, 30 * i, 0xffffff);
        ImageIO.write(image, "png", frames.resolve("img_%05d.png".formatted(number)).toFile());
      }
      list.append(
          "f%d,%s,%s,,,,2,12%n"
              .formatted(i, i % 2 == 0 ? "shake" : "static", i < 2 ? "train" : "validation"));
    }
    Path base = Files.writeString(folder.resolve("base.csv"), list);
    CommandLine command = new CommandLine(new TrainCommand());
    StringWriter said = new StringWriter();
    command.setErr(new PrintWriter(said));
    command.parseArgs(
        "-c",
        "../trainer/recipes/finetune.properties",
        "--set",
        "data.prefix=" + folder.resolve("frames"),
        "--set",
        "data.frames-per-second=10",
        "--set",
        "kafka.sesion.timeout.ms=3",
        "--data",
        base.toString(),
        "--feedback=" + snapshot,
        "-o",
        folder.resolve("run").toString(),
        "--dry-run");

    assertThat(((TrainCommand) command.getCommand()).call()).isZero();
    assertThat(said.toString())
        .contains("folders of frames among the videos: 4, taken as 10 frames a second")
        .contains(
            "kafka.sesion.timeout.ms is no setting of Kafka's clients, did you mean"
                + " kafka.session.timeout.ms?");
  }

  /** Not after hours of it. */
  @Test
  void shouldSayBeforeTheTrainingThatTheGateWillRefuseTheLabels() throws Exception {
    for (int i = 0; i < 6; i++) {
      video(folder.resolve(i % 2 == 0 ? "videos/static" : "videos/bright"), i);
    }
    List<String> train =
        new ArrayList<>(
            List.of(
                "-c",
                "../trainer/recipes/finetune.properties",
                "--data",
                folder.resolve("videos").toString(),
                "-o",
                folder.resolve("run").toString(),
                "--set",
                "train.epochs=2",
                "--against",
                ModelArtifact.bundled().path().toString()));
    StringWriter said = new StringWriter();
    assertThat(train(train, said)).isEqualTo(3);
    train.add("--dry-run");
    StringWriter saidDry = new StringWriter();
    assertThat(train(train, saidDry)).isZero();

    assertThat(saidDry.toString())
        .contains("the gate will refuse the model: it lacks 10 of the live model, such as pan_left")
        .doesNotContain("training begins with ");
    assertThat(said.toString())
        .containsSubsequence(
            "the gate will refuse the model: it lacks 10 of the live model, such as pan_left",
            "training begins with ",
            "NO   labels: it lacks 10 of the live model, such as pan_left");
  }

  private static int train(List<String> arguments, StringWriter said) throws Exception {
    CommandLine command = new CommandLine(new TrainCommand());
    command.setOut(new PrintWriter(new StringWriter())).setErr(new PrintWriter(said));
    command.parseArgs(arguments.toArray(String[]::new));
    return ((TrainCommand) command.getCommand()).call();
  }

  /** Two runs of one recipe make two models of one id. */
  @Test
  void shouldNameTheFilesOfTheModelsThatItCompares() throws Exception {
    for (int i = 0; i < 2; i++) {
      video(folder.resolve("videos/static"), i);
    }
    Path bundled = ModelArtifact.bundled().path();
    Path copy = Files.copy(bundled, folder.resolve("other.pt"));
    String data = folder.resolve("videos").toString();

    assertThat(eval(bundled.toString(), copy.toString(), "--data", data))
        .contains(
            "camera-motion-4 (%s) against camera-motion-4 (%s): ".formatted(copy, bundled),
            "2 videos (views 1 of 16 frames at 8 a second, ");
    assertThat(eval(bundled.toString(), copy.toString(), "--data", data, "--json"))
        .contains("\"firstDigest\":\"" + ModelArtifact.bundled().digest());
  }

  private static void video(Path in, int seed) throws Exception {
    Random random = new Random(seed);
    ByteBuffer picture = ByteBuffer.allocateDirect(64 * 36 * 3);
    try (VideoEncoder encoder =
        new VideoEncoder(
            Files.createDirectories(in).resolve(seed + ".avi"),
            VideoEncoder.Settings.of("mpeg4", 64, 36, 12))) {
      for (int frame = 0; frame < 24; frame++) {
        for (int i = 0; i < picture.capacity(); i++) {
          picture.put(i, (byte) (60 + random.nextInt(40)));
        }
        encoder.add(picture);
      }
    }
  }

  private static String eval(String... arguments) throws Exception {
    StringWriter out = new StringWriter();
    CommandLine command = new CommandLine(new EvalCommand());
    command.setOut(new PrintWriter(out)).setErr(new PrintWriter(new StringWriter()));
    command.parseArgs(arguments);
    ((EvalCommand) command.getCommand()).call();
    return out.toString();
  }
}
