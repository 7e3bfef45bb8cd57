package io.clipstream.streams.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.PropertiesFile;
import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.fetch.FetchPolicy;
import io.clipstream.schemas.models.ModelTopics;
import io.clipstream.streams.topology.Topics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class AppSettingsTest {
  /** A value for every key of {@code defaults.properties} that it cannot have. */
  private static final Map<String, String> WRONG = wrong();

  private static Map<String, String> wrong() {
    Map<String, String> wrong = new TreeMap<>();
    wrong.put("application.id", "my application");
    wrong.put("kafka.bootstrap.servers", "localhost");
    wrong.put("kafka.processing.guarantee", "exactly_twice");
    wrong.put("kafka.commit.interval.ms", "100ms");
    wrong.put("kafka.poll.ms", "soon");
    wrong.put("kafka.buffered.records.per.partition", "5e2");
    wrong.put("kafka.main.consumer.max.poll.records", "0");
    wrong.put("kafka.main.consumer.session.timeout.ms", "15s");
    wrong.put("kafka.producer.max.request.size", "64");
    wrong.put("kafka.processing.exception.handler.global.enabled", "maybe");
    wrong.put("kafka.log.summary.interval.ms", "never");
    wrong.put("serde.class", "java.lang.String");
    wrong.put("serde.schema.registry.url", "localhost:8081");
    wrong.put("topics.incoming", "videos/incoming");
    wrong.put("topics.labeled", "videos.incoming");
    wrong.put("topics.rejected", "videos.labeled");
    wrong.put("topics.dead-letter", "");
    wrong.put("topics.shadow", "videos.rejected");
    wrong.put("topics.feedback", "videos.rejected");
    wrong.put("model.source", "topic");
    wrong.put("model.path", "nowhere.pt");
    wrong.put("model.name", "Camera Motion");
    wrong.put("model.others", "ships,camera-motion");
    wrong.put("model.routes", "camera=harbour:ships");
    wrong.put("model.max-loaded", "0");
    wrong.put("model.load-patience", "10");
    wrong.put("model.cache", "pom.xml/below");
    wrong.put("model.cache-max", "20GB");
    wrong.put("model.start-patience", "-1s");
    wrong.put("models.topics.artifacts", "models/artifacts");
    wrong.put("models.topics.releases", "models.artifacts");
    wrong.put("models.topics.rollouts", "videos.incoming");
    wrong.put("models.topics.status", "");
    wrong.put("models.trusted-keys", "nowhere.pem");
    wrong.put("rollout.max-unavailable", "0");
    wrong.put("rollout.lease", "1s");
    wrong.put("rollout.soak", "soon");
    wrong.put("rollout.keep-previous", "10");
    wrong.put("rollout.labels", "other");
    wrong.put("rollout.memory", "wait");
    wrong.put("rollout.load-deaths", "0");
    wrong.put("rollout.watch.false-alarm", "0");
    wrong.put("rollout.watch.more-failures", "2");
    wrong.put("rollout.watch.slow-factor", "0.5");
    wrong.put("rollout.watch.label-shift", "much");
    wrong.put("rollout.download-timeout", "0s");
    wrong.put("rollout.download-silence", "0s");
    wrong.put("rollout.verify-timeout", "48h");
    wrong.put("rollout.load-timeout", "never");
    wrong.put("shadow.max-waiting", "0");
    wrong.put("shadow.max-decoded", "128MB");
    wrong.put("model.devices", "gpu");
    wrong.put("model.kernels", "always");
    wrong.put("labels.top-k", "0");
    wrong.put("batch.max-clips", "1025");
    wrong.put("batch.max-delay", "20");
    wrong.put("pipeline.decode-threads", "0");
    wrong.put("pipeline.max-pending", "0");
    wrong.put("pipeline.max-pending-bytes", "64MB");
    wrong.put("pipeline.max-deaths", "1");
    wrong.put("pipeline.max-decoded", "2GB");
    wrong.put("pipeline.max-clips-per-video", "-1");
    wrong.put("pipeline.max-waiting-clips-per-video", "many");
    wrong.put("pipeline.work-directory", "pom.xml/below");
    wrong.put("pipeline.shutdown-timeout", "-1s");
    wrong.put("outcome.timestamp", "later");
    wrong.put("fetch.file-roots", "pom.xml");
    wrong.put("fetch.max-bytes", "0");
    wrong.put("fetch.max-disk", "1GiB");
    wrong.put("fetch.max-concurrent", "0");
    wrong.put("fetch.timeout", "0s");
    wrong.put("fetch.connect-timeout", "ten");
    wrong.put("fetch.silence", "48h");
    wrong.put("fetch.min-rate", "1kb");
    wrong.put("fetch.root-marker", "up/../down");
    wrong.put("fetch.probe-name", "two names");
    wrong.put("fetch.max-redirects", "51");
    wrong.put("fetch.max-attempts", "0");
    wrong.put("fetch.first-pause", "0ms");
    wrong.put("fetch.longest-pause", "1ms");
    wrong.put("fetch.allow-private", "10.20.0.0/99");
    wrong.put("fetch.only-hosts", "http://example.com/");
    wrong.put("fetch.ports", "80-");
    wrong.put("fetch.allow-downgrade", "yes");
    wrong.put("fetch.proxy", "proxy");
    wrong.put("fetch.patience", "0s");
    wrong.put("pipeline.max-waiting", "0");
    wrong.put("pipeline.max-waiting-bytes", "32MB");
    wrong.put("decode.max-picture-side", "15");
    wrong.put("decode.max-picture-pixels", "255");
    wrong.put("decode.max-duration", "0s");
    wrong.put("decode.timeout", "0s");
    wrong.put("decode.max-frames", "1");
    wrong.put("console.port", "on");
    wrong.put("console.host", "a host");
    wrong.put("console.write", "yes");
    wrong.put("console.thumbnails", "some");
    wrong.put("console.max-upload", "1MB");
    wrong.put("console.max-model", "1GB");
    wrong.put("tracing.endpoint", "localhost:4318");
    wrong.put("tracing.share", "2");
    wrong.put("decode.isolation", "thread");
    wrong.put("decode.gpu", "on");
    wrong.put("health.port", "65536");
    wrong.put("health.host", "http://localhost");
    return wrong;
  }

  /** But for the one whose value no message may have. */
  static Set<String> keys() {
    TreeSet<String> keys =
        new TreeSet<>(PropertiesFile.read(SettingsSources.class, "defaults.properties").keySet());
    keys.remove("console.token");
    return keys;
  }

  @ParameterizedTest
  @MethodSource("keys")
  void shouldNameTheKeyOfAWrongValue(String key) throws IOException {
    String value = WRONG.get(key);
    assertThat(value).as("a wrong value of the key").isNotNull();
    Settings settings = SettingsSources.load(Map.of(), null, Map.of(), Map.of(key, value));

    assertThatThrownBy(() -> AppSettings.read(settings))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(key)
        .hasMessageContaining("expected ")
        .extracting(Throwable::getMessage)
        .asString()
        .containsAnyOf("'" + value + "'", "Invalid value " + value + " ")
        .doesNotContain("\n");
  }

  @Test
  void shouldHaveTheDefaultsOfTheRecords() {
    AppSettings settings = AppSettings.read(SettingsSources.defaults());

    assertThat(settings.fetch()).isEqualTo(FetchPolicy.defaults());
    assertThat(settings.decode()).isEqualTo(DecodeLimits.defaults());
    assertThat(settings.connection().topics()).isEqualTo(Topics.defaults());
    assertThat(settings.model().file()).isEqualTo(Optional.empty());
    assertThat(settings.live().topics()).isEqualTo(ModelTopics.defaults());
    assertThat(settings.live().fromLog()).isFalse();
    assertThat(settings.pipeline().batch().maxClips()).isEqualTo(16);
    assertThat(settings.work().pending().references()).isEqualTo(1000);
    assertThat(settings.connection().kafka())
        .containsEntry("application.id", "clipstream")
        .containsEntry("poll.ms", "10");
  }

  @Test
  void shouldMakeNothing(@TempDir Path directory) throws IOException {
    Path work = directory.resolve("a").resolve("b");
    AppSettings settings = read("pipeline.work-directory", work.toString());

    assertThat(settings.work().directory()).isEqualTo(work);
    assertThat(directory).isEmptyDirectory();
  }

  @ParameterizedTest
  @CsvSource({
    "kafka.group.protocol,streams,kafka.group.protocol",
    "kafka.security.protocol,TLS,kafka.security.protocol",
    "kafka.admin.retries,-1,kafka.admin.retries",
    "kafka.bootstrap.servers,'a:1,b',kafka.bootstrap.servers",
    "serde.http.read.timeout.ms,soon,serde.http.read.timeout.ms",
    "serde.class,com.acme.Missing,serde.class",
    "serde.class,org.apache.kafka.common.serialization.Serdes$StringSerde,--set: serde.class",
    "serde.class,org.apache.kafka.common.serialization.Serdes$ByteArraySerde,--set: serde.class",
    "serde.schema.registry.url,abc,--set: serde.schema.registry.url",
    "kafka.num.stream.threads,0,--set: kafka.num.stream.threads",
    "kafka.num.stream.threads,-1,--set: kafka.num.stream.threads",
    "kafka.producer.buffer.memory,1000,--set: kafka.producer.buffer.memory",
    "kafka.buffer.memory,1000,--set: kafka.buffer.memory",
    "models.trusted-keys,pom.xml,--set: models.trusted-keys",
    "models.trusted-keys,.,--set: models.trusted-keys",
    "fetch.ports,',',--set: fetch.ports",
    "fetch.max-bytes,10GiB,'--set: fetch.max-bytes is ''10GiB'', expected at most fetch.max-disk'",
    "fetch.first-pause,1h,--set: fetch.first-pause",
  })
  void shouldRefuseWhatTheClientsWouldRefuse(String key, String value, String named) {
    assertThatThrownBy(() -> read(key, value))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(named);
  }

  static Stream<Map<String, String>> rightOnes() {
    return Stream.of(
        Map.of("kafka.bootstrap.servers", "PLAINTEXT://a:9092, [::1]:9093"),
        Map.of("kafka.acme.interceptor.endpoint", "anything"),
        Map.of("kafka.sasl.jaas.config", "login password=hunter2"),
        Map.of("pipeline.decode-threads", "3", "model.devices", "gpu0, gpu1"),
        Map.of("model.others", "ships, a-b,", "model.routes", "url=http://a:b:ships,,k=:a-b"),
        Map.of("model.max-loaded", "1", "model.load-patience", "0s"),
        Map.of("fetch.proxy", "proxy:3128", "fetch.only-hosts", "*.example.org,"),
        Map.of("fetch.allow-private", "10.20.0.0/16,minio.internal", "fetch.ports", "80"),
        Map.of("health.port", "0", "health.host", "::1"),
        Map.of("console.port", "0", "console.host", "::1", "console.write", "true"),
        Map.of(
            "console.port", "80", "console.host", "0.0.0.0", "console.token", "0123456789abcdef"),
        Map.of("tracing.endpoint", "http://localhost:4318/v1/traces", "tracing.share", "0"),
        Map.of("batch.max-delay", "0ms", "pipeline.shutdown-timeout", "0s"));
  }

  @ParameterizedTest
  @MethodSource("rightOnes")
  void shouldTakeWhatIsRight(Map<String, String> values) throws IOException {
    assertThat(AppSettings.read(SettingsSources.load(Map.of(), null, Map.of(), values)))
        .isNotEqualTo(AppSettings.read(SettingsSources.defaults()));
  }

  @Test
  void shouldOpenTheConsoleWiderThanLoopbackOnlyWithAToken() {
    assertThatThrownBy(() -> read(Map.of("console.port", "80", "console.host", "0.0.0.0")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("console.host is '0.0.0.0', expected localhost")
        .hasMessageContaining("or a console.token");
    assertThatThrownBy(() -> read(Map.of("console.token", "swordfish")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("console.token")
        .hasMessageContaining("16 to 200 characters")
        .hasMessageNotContaining("swordfish");
  }

  @Test
  void shouldLetModelsBePublishedByThoseAloneWhoSignIn(@TempDir Path directory) throws Exception {
    Map<String, String> console =
        Map.of("console.port", "80", "console.write", "true", "console.max-model", "1GiB");
    assertThat(read(console).console().orElseThrow().maxModelBytes()).isEmpty();

    Map<String, String> signedIn = new HashMap<>(console);
    signedIn.put("console.token", "0123456789abcdef");
    assertThat(read(signedIn).console().orElseThrow().maxModelBytes()).hasValue(1L << 30);

    signedIn.put("models.trusted-keys", publicKey(directory).toString());
    assertThat(read(signedIn).console().orElseThrow().maxModelBytes()).isEmpty();
  }

  private static Path publicKey(Path directory) throws Exception {
    byte[] key = KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPublic().getEncoded();
    return Files.writeString(
        directory.resolve("public.pem"),
        "-----BEGIN PUBLIC KEY-----\n"
            + Base64.getEncoder().encodeToString(key)
            + "\n-----END PUBLIC KEY-----\n");
  }

  @Test
  void shouldFindModelAndFileRoots(@TempDir Path directory) throws IOException {
    Path model = Files.createFile(directory.resolve("m-1.pt"));

    assertThat(read("model.path", model.toString()).model().file()).contains(model);
    assertThat(read("fetch.file-roots", directory + ",").fetch().fileRoots())
        .containsExactly(directory);
    assertThat(
            read("fetch.file-roots", directory.toString())
                .withFileRoots(Stream.of(model).map(Path::getParent).toList())
                .fetch()
                .fileRoots())
        .containsExactly(directory, directory);
    assertThatThrownBy(() -> read("model.path", directory.resolve("m-2.pt").toString()))
        .hasMessageEndingWith(", did you mean " + model + "?");
  }

  private static AppSettings read(String key, String value) throws IOException {
    return read(Map.of(key, value));
  }

  private static AppSettings read(Map<String, String> values) throws IOException {
    return AppSettings.read(SettingsSources.load(Map.of(), null, Map.of(), values));
  }
}
