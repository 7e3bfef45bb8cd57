package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.clipstream.model.Sha256;
import io.clipstream.model.artifact.Weights;
import io.clipstream.schemas.DecodedVideo;
import io.clipstream.schemas.Label;
import io.clipstream.schemas.LabelCorrection;
import io.clipstream.schemas.LabelledSegment;
import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.StageTimings;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.models.ModelLog;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.ModelTopicSetup;
import io.clipstream.schemas.models.ModelTopics;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import io.clipstream.streams.console.Chromium;
import io.clipstream.streams.console.SyntheticLabels;
import io.clipstream.streams.embedded.EmbeddedKafka;
import io.clipstream.streams.live.LiveVersions;
import io.clipstream.streams.live.RolloutLog;
import io.clipstream.streams.live.rollout.Wanted;
import io.clipstream.streams.topology.Topics;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The console of a real instance on a real broker, in a real browser. Each case finds the page open
 * and leaves it so; those that take most from it come last.
 */
@Timeout(900)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ConsoleIT {
  private static final Topics TOPICS = Topics.defaults();
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final String MODEL = "shown";

  /** A render takes some tens of milliseconds; one for each outcome would take minutes. */
  private static final double MANY_SECONDS = 10;

  private static final int MANY = 10_000;
  private static final int PAGES = 8;
  private static final String TOKEN = "correct-horse-battery";
  private static final String MARKER = "mounted";
  private static final Weights OTHER_WEIGHTS = Weights.of(List.of(2), new float[2]);
  private static final String PUBLISHING = "document.querySelector('#publishing-state').innerText";
  private static final String PUBLISHING_DETAIL =
      "document.querySelector('#publishing-detail').innerText";
  private static final String WANTED = "document.querySelector('.wanted').innerText";

  @TempDir static Path directory;
  private static EmbeddedKafka kafka;
  private static EmbeddedRegistry registry;
  private static Map<String, String> settings;
  private static KafkaConnection connection;
  private static ModelLogConfig models;
  private static ConsoleInstance instance;
  private static Chromium page;
  private static Path video;

  @BeforeAll
  static void start() throws Exception {
    assumeTrue(
        Chromium.find().isPresent(),
        "there is no Chromium here: the console's page is not tried (apt-get install chromium)");
    page = browser();
    kafka = new EmbeddedKafka(directory.resolve("kafka"), 0);
    registry = new EmbeddedRegistry(0);
    kafka.createTopics(2, TOPICS.all().toArray(String[]::new));
    kafka.createTopics(1, TOPICS.feedback());
    video = LiveVersions.video(directory.resolve("noise.mp4"));
    Files.createFile(directory.resolve(MARKER));
    settings = settings();
    connection = new KafkaConnection(ConsoleInstance.read(settings).connection());
    models = connection.modelLog(ModelTopics.defaults());
    try (Admin admin = models.admin()) {
      new ModelTopicSetup(admin, models.topics()).create();
    }
    LiveVersions.publish(models, directory, MODEL, "1");
    LiveVersions.publish(models, directory, MODEL, "2");
    new RolloutLog(models, "a test").change(MODEL, before -> Wanted.first(MODEL, "1"));
    instance = new ConsoleInstance(settings);
    page.window(1440, 900, false);
    page.open(instance.address());
    page.type("#token", TOKEN);
    page.click("button.main");
    page.await("document.querySelector('#link').dataset.state === 'live'");
  }

  /** One that is installed and does not start, as some containers have it, is as none. */
  private static Chromium browser() throws Exception {
    try {
      return new Chromium(
          Chromium.find().orElseThrow(), Files.createDirectory(directory.resolve("browser")));
    } catch (IllegalStateException e) {
      return abort("the console's page is not tried: " + e.getMessage());
    }
  }

  private static Map<String, String> settings() throws Exception {
    Map<String, String> given = new LinkedHashMap<>();
    given.put("application.id", "console");
    given.put("kafka.bootstrap.servers", kafka.bootstrapServers());
    given.put("serde.schema.registry.url", registry.url());
    given.put("kafka.state.dir", directory + "/state");
    given.put("kafka.main.consumer.session.timeout.ms", "6000");
    given.put("kafka.main.consumer.heartbeat.interval.ms", "1000");
    given.put("model.source", "kafka");
    given.put("model.name", MODEL);
    given.put("model.devices", "cpu");
    given.put("model.cache", directory + "/models");
    given.put("rollout.lease", "2s");
    given.put("rollout.soak", "100ms");
    given.put("rollout.watch.slow-factor", "1000");
    given.put("rollout.watch.label-shift", "1");
    given.put("batch.max-clips", "4");
    given.put("pipeline.max-decoded", "64MiB");
    given.put("pipeline.work-directory", directory + "/work");
    given.put("fetch.file-roots", directory.toString());
    given.put("fetch.root-marker", MARKER);
    // The same one after a restart.
    given.put("console.port", Integer.toString(EmbeddedKafka.freePort()));
    given.put("console.write", "true");
    given.put("console.token", TOKEN);
    given.put("console.max-model", "1MiB");
    return given;
  }

  @AfterAll
  static void stop() {
    for (AutoCloseable part : new AutoCloseable[] {page, instance, registry, kafka}) {
      if (part != null) {
        try {
          part.close();
        } catch (Exception e) {
          throw new AssertionError(e);
        }
      }
    }
  }

  /** One that a case left open would fail all others. */
  @AfterEach
  void closeDialog() {
    page.evaluate("document.querySelector('dialog')?.close()");
  }

  @AfterEach
  void shouldHaveAskedNobodyElse() {
    assertThat(page.requested())
        .isNotEmpty()
        .allMatch(
            address -> address.startsWith(instance.address()) || address.equals("about:blank"));
    assertThat(page.complaints()).isEmpty();
  }

  @Test
  @Order(1)
  void shouldShowAnOutcomeWhenItCommits() throws Exception {
    submit("first", video);

    String card = card("first");
    page.await(card);
    assertThat(page.evaluate(card + ".innerText").asText())
        .contains("shown 1", "red", "green", "blue", "%", "decode", "classify", "96 × 64");
    page.await(card + ".querySelector('img')?.naturalWidth > 0");
    page.await("document.querySelector('#counts').textContent.startsWith('1 labelled')");
    page.await("document.querySelector('#plot-throughput canvas').width > 100");
    page.await("document.querySelector('#now-lag').textContent === '0'");
    page.await("document.querySelector('#compare').innerText.includes('Mean best score')");
  }

  @Test
  @Order(2)
  void shouldShowMarkupOfRecordsAsText() throws Exception {
    String markup = "<img src=x onerror=window.hacked=1><script>window.hacked=2</script>";
    Path named = directory.resolve("<b onclick=hacked()>&amp;.mp4");
    Files.copy(video, named);
    submit(
        VideoReference.newBuilder()
            .setId("<i>" + markup)
            .setUri(named.toUri().toString())
            .setMetadata(Map.of("<u>" + markup, "\u202e" + markup))
            .build());
    label(synthetic("<s>" + markup, "<em>" + markup));
    submit("<q>" + markup, directory.resolve("missing" + markup.substring(0, 20)));

    for (String id : List.of("<i>", "<s>", "<q>")) {
      page.await(card(id + markup));
    }
    page.await("document.querySelector('#rejections').textContent.includes('NOT_FOUND')");
    page.await("document.querySelector('#compare').textContent.includes('<em>')");
    assertThat(
            page.evaluate(
                    "document.querySelectorAll('main :is(script, i, s, q, u, em,"
                        + " img[src=x])').length - document.querySelectorAll('main i:is(.bar i,"
                        + " .stack i, .dot)').length")
                .asInt())
        .isZero();
    assertThat(page.evaluate("window.hacked === undefined").asBoolean()).isTrue();
    assertThat(page.evaluate("document.body.innerText.includes('\\u202e')").asBoolean()).isFalse();
  }

  @Test
  @Order(3)
  void shouldMaskTheSecretsOfAddresses() throws Exception {
    label(
        VideoLabels.newBuilder(synthetic("presigned", "static"))
            .setUri("https://user:hunter2@media.example.com/v.mp4?X-Amz-Signature=hunter3")
            .build());

    page.await(card("presigned"));
    String events =
        page.evaluate(
                "fetch('events').then(async r => { const reader = r.body.getReader(); let all = '';"
                    + " while (!all.includes('v.mp4?')) all += new TextDecoder().decode("
                    + "(await reader.read()).value); reader.cancel(); return all; })")
            .asText();
    assertThat(events).contains("media.example.com/v.mp4?***").doesNotContain("hunter");
  }

  @Test
  @Order(3)
  void shouldWriteADashForWhatIsNoNumber() {
    for (String none : List.of("undefined", "null", "NaN", "Infinity", "'NaN'", "'7'", "{}")) {
      for (String kind :
          List.of("count", "rate", "percent", "hundredths", "span", "tick", "moment", "clock")) {
        assertThat(format(kind, none)).as("%s of %s", kind, none).isEqualTo("–");
      }
      assertThat(format("when", none)).isEqualTo("at an unknown time");
      assertThat(format("share", none)).isEqualTo("0");
    }
    assertThat(format("clock", "9e18")).isEqualTo("–");
    assertThat(format("span", "-5")).isEqualTo("–");
    assertThat(format("span", "119600")).isEqualTo("2 min 0 s");
    assertThat(format("moment", "59960")).isEqualTo("1:00");
    assertThat(format("percent", "0.1234")).isEqualTo("12.3 %");
    assertThat(format("hundredths", "0.0625")).isEqualTo("0.0625 %");
    assertThat(format("count", "1234567")).isEqualTo("1,234,567");
    assertThat(format("share", "3, 0")).isEqualTo("0");
    assertThat(format("share", "3, 4")).isEqualTo("0.75");
  }

  private static String format(String function, String arguments) {
    return page.evaluate(
            "import('./format.js').then(format => String(format.%s(%s)))"
                .formatted(function, arguments))
        .asText();
  }

  /** Anybody may write to the topics. */
  @Test
  @Order(3)
  void shouldShowRecordsWithOddNumbers() throws Exception {
    VideoLabels labels = synthetic("odd", "nan");
    Label none = new Label(0, "nan", Float.NaN);
    for (long odd : new long[] {Long.MIN_VALUE, -1, 0, Long.MAX_VALUE}) {
      String id = "odd" + odd;
      double time = odd == 0 ? Double.NaN : odd;
      label(
          VideoLabels.newBuilder(labels)
              .setId(id)
              .setLabels(List.of(none, new Label(1, "endless", Float.POSITIVE_INFINITY)))
              .setSegments(List.of(new LabelledSegment(odd, -odd, List.of(none))))
              .setModel(new ModelIdentity("odd", id, labels.getModel().getDigest()))
              .setTimings(new StageTimings(time, time, time, time, time))
              .setVideo(DecodedVideo.newBuilder(labels.getVideo()).setDurationMillis(odd).build())
              .setLabelledAt(Instant.ofEpochMilli(odd))
              .build());
    }

    for (String id : List.of("odd" + Long.MIN_VALUE, "odd-1", "odd0", "odd" + Long.MAX_VALUE)) {
      page.await(card(id));
      assertThat(page.evaluate(card(id) + ".querySelector('.labels').innerText").asText())
          .contains("nan", "–");
    }
    page.await("document.querySelector('#compare').textContent.includes('odd')");
    assertThat(page.evaluate("document.body.innerText").asText())
        .doesNotContain("NaN", "Invalid", "Infinity", "undefined", "null", "∞");
  }

  @Test
  @Order(4)
  void shouldWriteACorrection() throws Exception {
    submit("to-correct", video);
    page.await(card("to-correct"));
    page.evaluate(card("to-correct") + ".querySelector('button').click()");
    page.type("#label", "  goal kick ");
    page.type("#from", "0.5");
    page.type("#to", "1.25");
    page.type("#author", "Ada");
    page.click("dialog button.main");
    page.await("!document.querySelector('dialog').open");

    LabelCorrection correction = correction();
    assertThat(correction.getId()).isEqualTo("to-correct");
    assertThat(correction.getUri()).isEqualTo(video.toUri().toString());
    assertThat(correction.getLabel()).isEqualTo("goal kick");
    assertThat(correction.getStartMillis()).isEqualTo(500);
    assertThat(correction.getEndMillis()).isEqualTo(1250);
    assertThat(correction.getAuthor()).isEqualTo("Ada");
    assertThat(correction.getLabelledBy().getVersion()).isEqualTo("1");
  }

  private static LabelCorrection correction() {
    LabelCorrection[] found = new LabelCorrection[1];
    try (KafkaConsumer<String, SpecificRecord> consumer = connection.feedback()) {
      await(
          () -> {
            consumer
                .poll(Duration.ofMillis(100))
                .forEach(
                    record -> {
                      if (record.value() instanceof LabelCorrection correction) {
                        found[0] = correction;
                      }
                    });
            return found[0] != null;
          });
    }
    return found[0];
  }

  @Test
  @Order(5)
  void shouldSubmitARejectedVideoAgain() throws Exception {
    Path late = directory.resolve("late.mp4");
    submit("late", late);
    page.await(card("late") + "?.classList.contains('rejected')");
    Files.copy(video, late);

    page.evaluate(card("late") + ".querySelector('button').click()");
    page.await(
        "[...document.querySelectorAll('.card:not(.rejected) h3')].some(h => h.title === 'late')");
  }

  @Test
  @Order(6)
  void shouldLabelAFileThatIsDropped() throws Exception {
    page.choose("#drop-input", video);

    page.await("document.querySelector('dialog .card')?.innerText.includes('shown 1')");
    page.await("document.querySelector('dialog .card img')?.naturalWidth > 0");
    page.click("dialog button.main");
    try (var uploads = Files.list(instance.console.settings().fetch().fileRoots().get(1))) {
      assertThat(uploads).extracting(Path::getFileName).containsExactly(Path.of(MARKER));
    }
  }

  @Test
  @Order(7)
  void shouldDoWhatTheButtonsOfARolloutSay() throws Exception {
    RolloutLog log = new RolloutLog(models, "a test");
    begin("canary");
    page.type("#percent", "25");
    page.click("dialog button.main");
    page.await(WANTED + ".includes('canary 2, 25 %')");
    assertThat(log.read(MODEL).orElseThrow().share()).isEqualTo(0.25);

    begin("promote");
    page.click("dialog button.main");
    page.await(WANTED + " === 'Version 2 everywhere'");
    assertThat(log.read(MODEL).orElseThrow().active()).isEqualTo("2");

    begin("rollback");
    page.type("#reason", "too blue");
    page.click("dialog button.main");
    page.await(WANTED + " === 'Version 1 everywhere'");
    page.await("document.querySelector('#rollouts').innerText.includes('too blue')");
    assertThat(log.read(MODEL).orElseThrow().active()).isEqualTo("1");

    begin("pin");
    page.click("dialog button.main");
    page.await(WANTED + ".includes('pinned')");
    page.await("document.querySelector('[data-key=\"shown/activate\"]').disabled");
    assertThat(log.read(MODEL).orElseThrow().pinned()).isTrue();

    begin("pin");
    page.click("dialog button.main");
    page.await("!" + WANTED + ".includes('pinned')");
    begin("activate");
    page.click("dialog button.main");
    page.await(WANTED + " === 'Version 2 everywhere'");
    page.await("document.querySelector('.instances').innerText.includes('serves')");
  }

  /** Presses a button of the rollout, once the dialog of the one before is closed. */
  private static void begin(String button) {
    page.await("!document.querySelector('dialog').open");
    page.click("[data-key='shown/" + button + "']");
  }

  @Test
  @Order(8)
  void shouldPublishAModelThatIsThenTriedAsACanary() throws Exception {
    page.await("!document.querySelector('dialog').open");
    Path file =
        LiveVersions.write(directory, MODEL, "3", Weights.of(List.of(50_000), new float[50_000]));
    page.evaluate("localStorage.setItem('author', 'Ada')");

    page.choose("#publish-input", file);
    page.await(PUBLISHING + ".startsWith('shown-3 is published')");
    page.await("document.querySelector('#publishing-progress').hidden");
    ModelRelease release = release("3").orElseThrow();
    assertThat(release.getModel().getDigest()).isEqualTo(Sha256.of(file));
    assertThat(release.getPublishedBy()).isEqualTo("Ada");
    assertThat(publications()).isEmpty();

    page.select("[data-key='shown/version']", "3");
    begin("canary");
    page.click("dialog button.main");
    page.await(WANTED + ".includes('canary 3, 10 %')");
    begin("end-canary");
    page.click("dialog button.main");
    page.await("!" + WANTED + ".includes('canary')");
  }

  @Test
  @Order(9)
  void shouldSayWhyAModelIsNotPublished() throws Exception {
    page.await("!document.querySelector('dialog').open");
    page.choose("#publish-input", LiveVersions.writeDamaged(directory, MODEL, "4"));
    page.await(PUBLISHING + ".startsWith('shown-4.pt is not published')");
    page.await(PUBLISHING_DETAIL + ".startsWith('it does not give what it gave when it was made')");

    page.choose("#publish-input", LiveVersions.write(directory, MODEL, "2", OTHER_WEIGHTS));
    page.await(PUBLISHING_DETAIL + ".includes('has a version 2 with another artifact')");

    page.choose("#publish-input", Files.writeString(directory.resolve("<b>.pt"), "no model"));
    page.await(PUBLISHING + ".startsWith('<b>.pt is not published')");
    page.await(PUBLISHING_DETAIL + ".startsWith('<b>.pt: ')");

    page.choose(
        "#publish-input", Files.write(directory.resolve("big.pt"), new byte[(1 << 20) + 1]));
    page.await("document.querySelector('#said').innerText.includes('at most 1,048,576 are taken')");
    assertThat(release("4")).isEmpty();
    assertThat(publications()).isEmpty();
  }

  private static Optional<ModelRelease> release(String version) {
    try (ModelLog log = new ModelLog(models)) {
      log.readToEnd(LIMIT);
      return log.find(MODEL, version);
    }
  }

  /** Files that are left of models on their way. */
  private static List<Path> publications() throws IOException {
    Path folder = directory.resolve("work/clipstream-publish-" + ProcessHandle.current().pid());
    try (var files = Files.list(folder)) {
      return files.toList();
    }
  }

  @Test
  @Order(10)
  void shouldBeUsableWithoutAMouse() {
    page.await("!document.querySelector('dialog').open");
    page.evaluate("document.querySelector('.skip').focus()");
    page.press("Tab", 9);
    page.press("Enter", 13);
    page.press("Tab", 9);
    page.press("Tab", 9);
    assertThat(page.evaluate("document.activeElement.dataset.key").asText())
        .isEqualTo(MODEL + "/version");

    page.evaluate("document.querySelectorAll('.skip')[1].focus()");
    page.press("Tab", 9);
    page.press("Tab", 9);
    assertThat(page.evaluate("document.activeElement.id").asText()).isEqualTo("pause");

    page.press(" ", 32);
    page.await("document.querySelector('#pause').getAttribute('aria-pressed') === 'true'");
    page.press(" ", 32);
    page.await("document.querySelector('#pause').getAttribute('aria-pressed') === 'false'");
  }

  @Test
  @Order(10)
  void shouldAskForTheTokenAgain() {
    page.addPage();
    try {
      page.window(1440, 900, false);
      page.open(instance.address() + "login");
      page.await("document.activeElement.id === 'token'");
      assertThat(page.evaluate("document.querySelector('.wrong').checkVisibility()").asBoolean())
          .isFalse();
      page.type("#token", "another-token-than-that");
      page.press("Enter", 13);

      page.await("document.querySelector('.wrong').checkVisibility()");
      page.await("document.activeElement.id === 'token'");
      assertThat(
              page.evaluate(
                      "(box => Math.abs(box.left + box.right - innerWidth))"
                          + "(document.querySelector('form').getBoundingClientRect())")
                  .asDouble())
          .as("off the middle")
          .isLessThan(4);
    } finally {
      page.closeOthers();
    }
  }

  /** Every control, in both directions, each seen to have the focus, and none covered. */
  @Test
  @Order(10)
  void shouldReachEveryControlByTheTabulator() {
    page.await("!document.querySelector('dialog').open");
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })");
    int controls =
        page.evaluate(
                "(window.walkable = [...document.querySelectorAll('a, button, select, summary,"
                    + " input, [tabindex=\"0\"]')].filter(one => one.checkVisibility()"
                    + " && !one.disabled && one.tabIndex >= 0)).length")
            .asInt();
    assertThat(controls).isGreaterThan(10);
    for (boolean back : new boolean[] {false, true}) {
      page.evaluate("document.activeElement.blur(); getSelection().removeAllRanges()");
      page.evaluate("window.walked = new Set()");
      for (int i = 0; i < controls + 5; i++) {
        page.press("Tab", 9, back);
        String trouble =
            page.evaluate(
                    "(() => { const at = document.activeElement; walked.add(at);"
                        + " if (at === document.body) return '';"
                        + " const box = at.getBoundingClientRect();"
                        + " const top = document.elementFromPoint(box.x + box.width / 2,"
                        + " box.y + box.height / 2);"
                        + " return getComputedStyle(at).outlineStyle === 'none' ? 'no outline'"
                        + " : at.contains(top) ? '' : `${at.outerHTML} is below"
                        + " ${top?.outerHTML}`; })()")
                .asText();
        assertThat(trouble).isEmpty();
      }
      assertThat(
              page.evaluate(
                  "walkable.filter(one => one.isConnected && !walked.has(one))"
                      + ".map(one => one.outerHTML)"))
          .isEmpty();
    }
  }

  @Test
  @Order(10)
  void shouldLeaveTheFocusWhereItIsWhenThereIsNews() throws Exception {
    page.await("!document.querySelector('dialog').open");
    page.evaluate("window.figures = document.querySelector('#compare .scroll'); figures.focus()");
    page.evaluate("window.table = figures.firstChild");
    page.await("!table.isConnected");
    assertThat(page.evaluate("document.activeElement === figures").asBoolean()).isTrue();

    page.evaluate("window.oldest = document.querySelector('.card:last-child button')");
    page.evaluate("oldest.focus(); window.place = oldest.closest('.card')");
    for (int i = 0; i < 60; i++) {
      label(synthetic("news-" + i, "news"));
    }
    page.await("document.querySelector('#outcome-list').textContent.includes('news-59')");
    page.await("document.querySelector('#counts').textContent !== ''");
    assertThat(page.evaluate("document.activeElement === oldest").asBoolean()).isTrue();

    String retry = "document.querySelector('#rejections details[open] li button')";
    page.evaluate("document.querySelector('#rejections summary').focus()");
    page.evaluate("document.activeElement.parentElement.open = true");
    page.await(retry);
    page.evaluate("window.pressed = " + retry + "; pressed.focus()");
    page.press("Enter", 13);
    page.await("document.querySelector('#said').textContent.includes('submitted again')");
    submit("another rejected", directory.resolve("nowhere.mp4"));
    page.await("!pressed.isConnected");
    assertThat(page.evaluate("document.activeElement.closest('section')?.innerText").asText())
        .startsWith("Rejections");
  }

  @Test
  @Order(10)
  void shouldKeepTheFocusInADialogAndGiveItBack() {
    page.await("!document.querySelector('dialog').open");
    String pin = "[data-key=\"shown/pin\"]";
    page.await("document.querySelector('" + pin + "')");
    page.evaluate("document.querySelector('" + pin + "').focus()");
    page.press("Enter", 13);
    page.await("document.querySelector('dialog').open");
    for (int i = 0; i < 12; i++) {
      page.press("Tab", 9, i >= 6);
      // Between the last control and the first a browser's own stand.
      assertThat(
              page.evaluate(
                      "document.activeElement === document.body"
                          + " || !!document.activeElement.closest('dialog')")
                  .asBoolean())
          .isTrue();
    }
    page.press("Escape", 27);
    page.await("!document.querySelector('dialog').open");
    assertThat(page.evaluate("document.activeElement.dataset.key").asText()).isEqualTo("shown/pin");

    for (String text : List.of("Unpin", "Pin")) { // what the button says afterwards
      page.press("Enter", 13);
      page.await("document.querySelector('dialog').open");
      page.evaluate("document.querySelector('dialog button.main').focus()");
      page.press("Enter", 13);
      page.await("document.querySelector('" + pin + "').textContent === '" + text + "'");
      assertThat(page.evaluate("document.activeElement.dataset.key").asText())
          .isEqualTo("shown/pin");
    }

    press("canary", WANTED + ".includes('canary')");
    press("end-canary", "!" + WANTED + ".includes('canary')");
    page.await("!document.querySelector('dialog').open");
    page.await("document.activeElement.innerText.startsWith('Rollout')");
  }

  /** Goes to a button of the rollout and through its dialog, by keys alone. */
  private static void press(String button, String then) {
    page.await("!document.querySelector('dialog').open");
    page.await("document.querySelector('[data-key=\"shown/" + button + "\"]')");
    page.evaluate("document.querySelector('[data-key=\"shown/" + button + "\"]').focus()");
    page.press("Enter", 13);
    page.await("document.querySelector('dialog').open");
    page.evaluate("document.querySelector('dialog button.main').focus()");
    page.press("Enter", 13);
    page.await(then);
  }

  /** Browsers have six connections for all pages of a host. */
  @Test
  @Order(10)
  void shouldNotListenWhileNobodySees() throws Exception {
    hide(true);
    page.await("document.querySelector('#link').dataset.state === 'connecting'");
    submit("unseen", video);
    // Others have it: whoever listens is told at the same time.
    var unused =
        page.evaluate(
            "fetch('events').then(async r => { const reader = r.body.getReader(); let all = '';"
                + " while (!all.includes('\"id\":\"unseen\"')) all += new TextDecoder().decode("
                + "(await reader.read()).value); reader.cancel(); return true; })");
    assertThat(page.evaluate(card("unseen")).isMissingNode()).isTrue();

    hide(false);
    page.await("document.querySelector('#link').dataset.state === 'live'");
    page.await(card("unseen"));
  }

  /** More pages are seen than browsers have connections. */
  @Test
  @Order(10)
  void shouldTellAsManyPagesAsAreSeen() throws Exception {
    try {
      for (int i = 1; i < PAGES; i++) {
        page.addPage();
        page.open(instance.address());
      }
      for (int i = 0; i < PAGES; i++) {
        page.turnTo(i);
        page.await("document.querySelector('#link').dataset.state === 'live'");
      }
      seenByAll("seen by all", 0);

      page.turnTo(0); // The one that listens for all.
      hide(true);
      seenByAll("seen without the first", 1);

      page.turnTo(0);
      hide(false);
      page.await(card("seen without the first"));
      seenByAll("seen with the first again", 0);
      assertThat(page.evaluate("document.querySelector('#lost').hidden").asBoolean()).isTrue();
    } finally {
      page.closeOthers();
      hide(false);
      page.await("document.querySelector('#link').dataset.state === 'live'");
    }
  }

  private static void seenByAll(String id, int from) throws Exception {
    submit(id, video);
    for (int i = from; i < PAGES; i++) {
      page.turnTo(i);
      page.await(card(id));
    }
  }

  private static void hide(boolean hidden) {
    page.evaluate(
        "Object.defineProperty(document, 'hidden', { value: "
            + hidden
            + ", configurable: true }); document.dispatchEvent(new Event('visibilitychange'))");
  }

  @Test
  @Order(10)
  void shouldFitTheWindowWhateverRecordsHold() throws Exception {
    String endless = "endless".repeat(100);
    VideoLabels labels = synthetic(endless, endless);
    label(
        VideoLabels.newBuilder(labels)
            .setModel(new ModelIdentity(endless, endless, labels.getModel().getDigest()))
            .setVideo(
                DecodedVideo.newBuilder(labels.getVideo())
                    .setCodec(endless)
                    .setComplete(false)
                    .setNote(endless)
                    .build())
            .setMetadata(Map.of(endless, endless))
            .build());
    page.await("document.querySelector('#compare').textContent.includes('endless')");
    page.await("document.querySelector('#outcome-list').textContent.includes('endless')");

    assertFits();
  }

  @Test
  @Order(11)
  void shouldKeepNobodyOut() throws Exception {
    try (InputStream axe =
        ConsoleIT.class.getResourceAsStream(
            "/META-INF/resources/webjars/axe-core/4.6.3/axe.min.js")) {
      page.evaluate(new String(axe.readAllBytes(), StandardCharsets.UTF_8) + ";0");
    }
    for (boolean dark : new boolean[] {false, true}) {
      page.window(1440, 900, dark);
      assertNothingFound();
    }
    page.evaluate("document.querySelector('.card button').click()");
    assertNothingFound();
    page.evaluate("document.querySelector('dialog').close()");
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })");
    page.window(360, 780, false);
    assertNothingFound();
    assertFits();
  }

  private static void assertFits() {
    for (int width : new int[] {360, 800, 1440, 3840}) {
      page.window(width, width * 9 / 16, false);
      assertThat(page.evaluate("document.documentElement.scrollWidth").asInt())
          .as("width that %d pixels are asked for", width)
          .isLessThanOrEqualTo(width);
    }
    page.window(1440, 900, false);
  }

  private static void assertNothingFound() {
    JsonNode found =
        page.evaluate(
            "axe.run().then(result => result.violations.map(one => `${one.id}: ${one.nodes.map(node"
                + " => node.html + ' ' + node.failureSummary)}`))");
    assertThat(found).isEmpty();
  }

  @Test
  @Order(12)
  void shouldSayThatTheConnectionIsLostAndComeBack() throws Exception {
    submit("before the restart", video);
    page.await(card("before the restart"));
    instance.close();
    page.await("document.querySelector('#link').textContent === 'Connection lost'");
    page.await("document.querySelector('#lost').innerText.startsWith('Connection lost at')");

    instance = new ConsoleInstance(settings);
    page.await("document.querySelector('#link').dataset.state === 'live'");
    page.await("document.querySelector('#lost').hidden");
    page.await(card("before the restart"));
    submit("after the restart", video);
    page.await(card("after the restart"));
  }

  @Test
  @Order(13)
  void shouldStayQuickHoweverManyOutcomesCome() throws Exception {
    page.send("Performance.enable", Map.of("timeDomain", "threadTicks"));
    double before = pageSeconds();
    try (KafkaProducer<byte[], VideoLabels> producer = connection.shadowLabels()) {
      for (int i = 0; i < MANY; i++) {
        VideoLabels labels = synthetic("many-" + i, "label-" + i % 50);
        var unused =
            producer.send(new ProducerRecord<>(TOPICS.labeled(), bytes(labels.getId()), labels));
      }
    }

    page.await(
        "Number(document.querySelector('#counts').textContent.split(' ')[0].replace(',', '')) >= "
            + MANY);
    assertThat(pageSeconds() - before).as("CPU seconds of the page").isLessThan(MANY_SECONDS);
    page.await("document.querySelectorAll('.card').length === 40");
    assertThat(page.evaluate("document.querySelectorAll('*').length").asInt()).isLessThan(5_000);
    submit("still there", video);
    page.await(card("still there"));
  }

  /** What the page has computed up to now: no measure of how busy the machine is. */
  private static double pageSeconds() {
    for (JsonNode metric : page.send("Performance.getMetrics", Map.of()).get("metrics")) {
      if (metric.get("name").textValue().equals("TaskDuration")) {
        return metric.get("value").doubleValue();
      }
    }
    throw new AssertionError("Chromium does not tell how long the page computed");
  }

  private static String card(String id) {
    return "[...document.querySelectorAll('#outcome-list h3')].find(h => h.textContent === "
        + TextNode.valueOf(id)
        + ")?.closest('.card')";
  }

  private static void submit(String id, Path file) throws Exception {
    submit(VideoReference.newBuilder().setId(id).setUri(file.toUri().toString()).build());
  }

  private static void submit(VideoReference reference) throws Exception {
    try (KafkaProducer<String, VideoReference> producer = connection.producer()) {
      producer.send(new ProducerRecord<>(TOPICS.incoming(), reference.getId(), reference)).get();
    }
  }

  /** As another instance of the group does. */
  private static void label(VideoLabels labels) throws Exception {
    try (KafkaProducer<byte[], VideoLabels> producer = connection.shadowLabels()) {
      producer.send(new ProducerRecord<>(TOPICS.labeled(), bytes(labels.getId()), labels)).get();
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static VideoLabels synthetic(String id, String label) {
    return SyntheticLabels.of(id, MODEL, label);
  }

  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waits no longer than %s", LIMIT).isLessThan(end);
    }
  }
}
