package io.clipstream.streams.topology;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import io.clipstream.streams.classify.Fixtures;
import io.clipstream.streams.topology.PendingVideos.Entry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PendingVideosTest {
  private final MockProcessorContext<byte[], byte[]> context = new MockProcessorContext<>();
  private final KeyValueStore<Integer, byte[]> store =
      PendingVideos.store().withLoggingDisabled().build();

  @BeforeEach
  void openStore() {
    context.setCurrentSystemTimeMs(0);
    store.init(context.getStateStoreContext(), store);
  }

  @Test
  void shouldRestoreRecordsAsTheyCameInTheirOrder() {
    PendingVideos pending = new PendingVideos(store);
    Headers headers = new RecordHeaders().add("h", new byte[] {5}).add("h", null);
    Entry first = pending.add(record("a", "1"), 10);
    Entry second = pending.add(new Record<>(null, new byte[0], 77, headers), 11);
    pending.remove(first);
    pending.add(record("a", "3"), 12); // Takes the free slot before the second one's.
    pending.add(new Record<>("a".getBytes(UTF_8), null, 78, null), 13);

    PendingVideos recovered = new PendingVideos(store);
    List<Entry> entries = recovered.recover(UUID.randomUUID());

    assertThat(entries).extracting(Entry::offset).containsExactly(11L, 12L, 13L);
    Record<byte[], byte[]> restored = entries.get(0).record();
    assertThat(entries.get(0).slot()).isEqualTo(second.slot());
    assertThat(restored.key()).isNull();
    assertThat(restored.value()).isEmpty();
    assertThat(restored.timestamp()).isEqualTo(77);
    assertThat(restored.headers()).isEqualTo(headers);
    assertThat(new String(entries.get(1).record().value(), UTF_8)).isEqualTo("3");
    assertThat(entries.get(2).record().value()).isNull();
    assertThat(recovered.add(record("b", "4"), 14).sequence())
        .isGreaterThan(entries.get(2).sequence());
  }

  @Test
  void shouldTakeUpWhatIsKnownOfAReferenceThatWasGivenBackToTheInput() {
    PendingVideos pending = new PendingVideos(store);
    Headers headers = new RecordHeaders().add("h", new byte[] {5});
    Entry known = pending.add(new Record<>("a".getBytes(UTF_8), new byte[1], 77, headers), 10);
    pending.mark(known, UUID.randomUUID());
    pending.waits(known, 5_000_000);
    pending.add(record("b", "as new"), 11);
    List<Entry> left = new PendingVideos(store).recover(UUID.randomUUID());
    left.forEach(pending::remove);

    PendingVideos next = new PendingVideos(store);
    for (Entry entry : left) {
      next.add(entry.record().withHeaders(entry.headersBack()), 20 + entry.slot());
    }

    List<Entry> taken = new PendingVideos(store).recover(UUID.randomUUID());
    assertThat(taken).extracting(Entry::offset).containsExactly(20L, 21L);
    assertThat(taken).extracting(Entry::deaths).containsExactly(1, 0);
    assertThat(taken).extracting(Entry::waitsSince).containsExactly(5_000_000L, 0L);
    assertThat(taken.get(0).record().headers()).as("outcomes have these").isEqualTo(headers);
    assertThat(left.get(1).headersBack()).isEqualTo(left.get(1).record().headers());
  }

  @Test
  void shouldPassOverWhatSomebodyElseWroteWhereAReferenceSaysWhatIsKnown() {
    PendingVideos pending = new PendingVideos(store);
    for (byte[] value : new byte[][] {null, {}, new byte[11], new byte[13]}) {
      Headers headers = new RecordHeaders().add("clipstream.pending", value);
      Entry entry = pending.add(new Record<>("a".getBytes(UTF_8), new byte[1], 77, headers), 10);
      assertThat(entry.deaths()).isZero();
      assertThat(entry.waitsSince()).isZero();
      assertThat(entry.record().headers()).isEmpty();
    }
  }

  @Test
  void shouldKeepSinceWhenAVideoWaitsBesideItsMark() {
    PendingVideos pending = new PendingVideos(store);
    Entry waits = pending.add(record("a", "1"), 10);
    Entry both = pending.add(record("b", "2"), 11);
    Entry over = pending.add(record("c", "3"), 12);
    UUID process = UUID.randomUUID();
    pending.waits(waits, 5_000_000);
    pending.mark(both, process);
    pending.waits(both, 6_000_000);
    pending.waits(both, 6_000_500);
    pending.waits(over, 7_000_000);
    pending.waits(over, 0);

    List<Entry> others = new PendingVideos(store).recover(UUID.randomUUID());
    assertThat(others).extracting(Entry::waitsSince).containsExactly(5_000_000L, 6_000_000L, 0L);
    assertThat(others).extracting(Entry::deaths).containsExactly(0, 1, 0);
    assertThat(others.get(0).waited(5_003_000)).hasSeconds(3);
    assertThat(others.get(0).waited(4_000_000)).as("another clock").isZero();
    assertThat(others.get(2).waited(9_000_000)).isZero();
    PendingVideos next = new PendingVideos(store);
    next.unmark(next.recover(process).get(1));
    assertThat(new PendingVideos(store).recover(UUID.randomUUID()))
        .extracting(Entry::waitsSince)
        .containsExactly(5_000_000L, 6_000_000L, 0L);
  }

  @Test
  void shouldHandOnForHowLongAVideoWaits() {
    try (EmbeddedRegistry registry = new EmbeddedRegistry(0)) {
      HeldLabeller labeller = new HeldLabeller();
      ClassifyProcessor processor = processor(registry, labeller);
      context.addStateStore(store);
      processor.init(context);
      for (String id : List.of("a", "b")) {
        byte[] value = bytes(registry, id);
        processor.process(taken(id, value));
      }
      labeller.work("a").waited = Duration.ofHours(1);
      labeller.work("b").waited = Duration.ofSeconds(1);
      context.setCurrentSystemTimeMs(10_000_000);
      context.scheduledPunctuators().get(0).getPunctuator().punctuate(10_000_000);
      processor.close();

      HeldLabeller later = new HeldLabeller();
      ClassifyProcessor next = processor(registry, later);
      context.setCurrentSystemTimeMs(11_000_000);
      next.init(context);
      context.scheduledPunctuators().get(1).getPunctuator().punctuate(11_000_000);

      assertThat(later.work("a").request.waited()).hasMillis(3_600_000 + 1_000_000);
      assertThat(later.work("b").request.waited()).as("not worth a write").isZero();
      next.close();
    }
  }

  private static ClassifyProcessor processor(EmbeddedRegistry registry, HeldLabeller labeller) {
    return new ClassifyProcessor(
        Topics.defaults(),
        () -> formats(registry),
        labeller,
        new IntakeGate(PendingLimits.of(10)),
        new Attempts(3),
        new OutcomeTimes(OutcomeTimestamp.NOW),
        1 << 20);
  }

  private static byte[] bytes(EmbeddedRegistry registry, String id) {
    try (Formats formats = formats(registry)) {
      return formats
          .references()
          .serializer()
          .serialize(Topics.defaults().incoming(), Fixtures.reference(id));
    }
  }

  private static Formats formats(EmbeddedRegistry registry) {
    return Formats.create(
        "io.clipstream.schemas.serde.AvroSerde", Map.of("schema.registry.url", registry.url()));
  }

  @Test
  void shouldUseFewSlots() {
    PendingVideos pending = new PendingVideos(store);
    for (int i = 0; i < 1000; i++) {
      Entry entry = pending.add(record("k", "v"), i);
      Entry other = pending.add(record("k", "v"), i);
      assertThat(List.of(entry.slot(), other.slot())).containsExactlyInAnyOrder(0, 1);
      pending.remove(entry);
      pending.remove(other);
    }
    assertThat(pending.size()).isZero();
  }

  @Test
  void shouldSubmitWhatAnEarlierOwnerLeft() {
    try (EmbeddedRegistry registry = new EmbeddedRegistry(0)) {
      Map<String, String> config = Map.of("schema.registry.url", registry.url());
      Topics topics = Topics.defaults();
      Formats formats = Formats.create("io.clipstream.schemas.serde.AvroSerde", config);
      PendingVideos earlier = new PendingVideos(store);
      for (String id : List.of("a", "b")) {
        byte[] value =
            formats.references().serializer().serialize(topics.incoming(), Fixtures.reference(id));
        earlier.add(new Record<>("k".getBytes(UTF_8), value, 1, null), 1);
      }
      HeldLabeller labeller = new HeldLabeller();
      IntakeGate gate = new IntakeGate(PendingLimits.of(10));
      ClassifyProcessor processor =
          new ClassifyProcessor(
              topics,
              () -> formats,
              labeller,
              gate,
              new Attempts(3),
              new OutcomeTimes(OutcomeTimestamp.NOW),
              1 << 20);
      context.addStateStore(store);

      processor.init(context);
      assertThat(gate.open()).as("open before the old ones are submitted").isFalse();
      context.scheduledPunctuators().get(0).getPunctuator().punctuate(10);
      assertThat(labeller.ids()).containsExactly("a", "b");
      labeller.work("b").label();
      labeller.work("a").label();
      context.scheduledPunctuators().get(0).getPunctuator().punctuate(20);

      assertThat(context.forwarded())
          .extracting(
              forward ->
                  formats
                      .labels()
                      .deserializer()
                      .deserialize(topics.labeled(), forward.record().value()))
          .extracting(VideoLabels::getId)
          .containsExactly("a", "b");

      processor.close();
      assertThat(gate.pending()).isZero();
    }
  }

  @Test
  void shouldCancelWhatIsInFlightWhenTheTaskIsTaken() {
    try (EmbeddedRegistry registry = new EmbeddedRegistry(0)) {
      Topics topics = Topics.defaults();
      Formats formats =
          Formats.create(
              "io.clipstream.schemas.serde.AvroSerde",
              Map.of("schema.registry.url", registry.url()));
      HeldLabeller labeller = new HeldLabeller();
      IntakeGate gate = new IntakeGate(PendingLimits.of(10));
      ClassifyProcessor processor =
          new ClassifyProcessor(
              topics,
              () -> formats,
              labeller,
              gate,
              new Attempts(3),
              new OutcomeTimes(OutcomeTimestamp.NOW),
              1 << 20);
      context.addStateStore(store);
      processor.init(context);
      byte[] value =
          formats.references().serializer().serialize(topics.incoming(), Fixtures.reference("a"));
      processor.process(taken("a", value));

      processor.close();

      assertThat(labeller.work("a").cancelled).isTrue();
      labeller.work("a").label(); // Too late, and without effect.
      assertThat(context.forwarded()).isEmpty();
      assertThat(new PendingVideos(store).recover(UUID.randomUUID())).hasSize(1);
    }
  }

  private static Record<byte[], Record<byte[], byte[]>> taken(String key, byte[] value) {
    byte[] bytes = key.getBytes(UTF_8);
    return new Record<>(bytes, new Record<>(bytes, value, 1), 2);
  }

  private static Record<byte[], byte[]> record(String key, String value) {
    return new Record<>(key.getBytes(UTF_8), value.getBytes(UTF_8), 5);
  }
}
