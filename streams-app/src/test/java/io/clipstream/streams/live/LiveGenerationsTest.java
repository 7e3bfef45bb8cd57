package io.clipstream.streams.live;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.classify.Generation;
import io.clipstream.streams.classify.GenerationSource.Answer;
import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.classify.Versions;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.live.rollout.Roles;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class LiveGenerationsTest {
  private static final String MODEL = "swapped";

  private final Versions versions = new Versions(PipelineObserver.NONE);
  private final LiveGenerations generations = new LiveGenerations(MODEL);

  @AfterEach
  void close() {
    generations.close();
  }

  @Test
  void shouldGiveVideosToTheActiveVersionAndNameItsRollout() {
    load(1);
    assertThat(generations.serving()).isNotDone();
    assertThat(generations.active()).isEmpty();
    generations.use(active(1, 7));

    assertThat(generations.serving()).isCompleted();
    assertThat(generations.active())
        .hasValueSatisfying(
            active -> {
              assertThat(active.model().manifest().version()).isEqualTo("1");
              assertThat(active.rollout()).isEqualTo(7);
            });
    Answer.Acquired acquired = acquire(request("a", null));
    assertThat(version(acquired)).isEqualTo("1");
    assertThat(acquired.rollout()).isEqualTo(7);
    acquired.generation().release();
  }

  @Test
  void shouldGiveTheCanaryItsShareOfTheKeysAndKeepThemWhenItGrows() {
    load(1);
    load(2);
    List<Integer> before = canaryKeys(0.2);
    List<Integer> after = canaryKeys(0.4);

    assertThat(before).hasSizeBetween(100, 300);
    assertThat(after).hasSizeBetween(300, 500).containsAll(before);
  }

  @Test
  void shouldFindTheVersionThatAReferenceNames() {
    load(1);
    load(2);
    load(3);
    generations.use(canary(1, 2, 0.5));

    assertThat(version(released(request("a", MODEL + "-1")))).isEqualTo("1");
    assertThat(version(released(request("a", MODEL + "-2")))).isEqualTo("2");
    assertThat(generations.acquire(request("a", MODEL + "-3")))
        .isEqualTo(new Answer.Unknown(MODEL + "-3", List.of(MODEL + "-1", MODEL + "-2")));
    assertThat(generations.acquire(request("a", "other"))).isInstanceOf(Answer.Unknown.class);
  }

  @Test
  void shouldRefuseToUseWhatIsNotLoadedAndToDropWhatIsInUse() {
    load(1);
    generations.use(active(1, 1));

    assertThatThrownBy(() -> generations.use(active(2, 2)))
        .hasMessageContaining("version 2 of swapped is not loaded");
    assertThatThrownBy(() -> generations.drop("1")).hasMessageContaining("is in use");
    assertThatThrownBy(() -> generations.use(Roles.NONE)).hasMessageContaining("without an active");
  }

  @Test
  void shouldNeverBeWithoutAnActiveVersionWhileItIsSwapped() throws Exception {
    load(0);
    generations.use(active(0, 1));
    AtomicBoolean end = new AtomicBoolean();
    AtomicLong acquired = new AtomicLong();
    ExecutorService threads = Executors.newFixedThreadPool(3);
    List<Future<?>> videos = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      videos.add(
          threads.submit(
              () -> {
                while (!end.get()) {
                  released(request("a", null));
                  acquired.incrementAndGet();
                }
              }));
    }
    for (int version = 1; version <= 100; version++) {
      load(version);
      generations.use(active(version, version));
      generations.drop(Integer.toString(version - 1));
    }
    end.set(true);
    for (Future<?> video : videos) {
      video.get(60, TimeUnit.SECONDS);
    }
    threads.shutdown();

    assertThat(acquired.get()).isPositive();
    generations.close();
    assertThat(generations.count()).isZero();
    assertThat(generations.acquire(request("a", null))).isEqualTo(new Answer.Closed());
  }

  @Test
  void shouldLetVideosWaitForAVersionThatWasLetGo() throws Exception {
    load(1);
    generations.use(active(1, 1));
    Generation gone = generations.letGo("1").orElseThrow();
    gone.closed().get(60, TimeUnit.SECONDS);

    Answer.Later waiting = (Answer.Later) generations.acquire(request("a", null));
    generations.use(active(1, 1)); // which is no change
    load(2);
    waiting.ready().get(60, TimeUnit.SECONDS);
    waiting = (Answer.Later) generations.acquire(request("a", null));
    generations.use(active(2, 2));

    waiting.ready().get(60, TimeUnit.SECONDS);
    assertThat(version(released(request("a", null)))).isEqualTo("2");
    assertThat(generations.letGo("1")).isEmpty();
  }

  @Test
  void shouldTakeAVersionBackThatWasLetGo() throws Exception {
    load(1);
    generations.use(active(1, 1));
    generations.letGo("1");
    Answer.Later waiting = (Answer.Later) generations.acquire(request("a", null));

    load(1);

    waiting.ready().get(60, TimeUnit.SECONDS);
    assertThat(version(released(request("a", null)))).isEqualTo("1");
  }

  @Test
  void shouldTellThoseWhoWaitThatTheEndHasCome() throws Exception {
    load(1);
    generations.use(active(1, 1));
    generations.letGo("1");
    Answer.Later waiting = (Answer.Later) generations.acquire(request("a", null));

    generations.close();

    waiting.ready().get(60, TimeUnit.SECONDS);
    assertThat(generations.acquire(request("a", null))).isEqualTo(new Answer.Closed());
  }

  @Test
  void shouldCloseWhatComesAfterItsEnd() throws Exception {
    generations.close();
    Generation late = versions.started(1);
    generations.put("1", late);
    assertThat(late.tryAcquire()).isFalse();
  }

  private void load(int version) {
    generations.put(Integer.toString(version), versions.started(version));
  }

  private static Roles active(int version, long rollout) {
    return new Roles(new Roles.Chosen(Integer.toString(version), rollout), null, 0, null);
  }

  private static Roles canary(int active, int canary, double share) {
    return new Roles(
        new Roles.Chosen(Integer.toString(active), 1),
        new Roles.Chosen(Integer.toString(canary), 2),
        share,
        null);
  }

  /** Of a thousand. */
  private List<Integer> canaryKeys(double share) {
    generations.use(canary(1, 2, share));
    List<Integer> keys = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      if (version(released(request("key-" + i, null))).equals("2")) {
        keys.add(i);
      }
    }
    return keys;
  }

  private static VideoRequest request(String key, String model) {
    VideoReference reference =
        VideoReference.newBuilder().setId("v").setUri("file:/v.mp4").setModel(model).build();
    return new VideoRequest(key.getBytes(UTF_8), new RecordHeaders(), reference);
  }

  private Answer.Acquired acquire(VideoRequest request) {
    return (Answer.Acquired) generations.acquire(request);
  }

  private Answer.Acquired released(VideoRequest request) {
    Answer.Acquired acquired = acquire(request);
    acquired.generation().release();
    return acquired;
  }

  private static String version(Answer.Acquired acquired) {
    return acquired.generation().model().manifest().version();
  }
}
