package io.clipstream.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.schemas.Examples;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class SerdeConcurrencyTest {
  private final EmbeddedRegistry registry = new EmbeddedRegistry(0);
  private final Map<String, Object> config = Map.of("schema.registry.url", registry.url());

  @AfterEach
  void close() {
    registry.close();
  }

  @Test
  void shouldServeManyThreadsWithOneSerde() throws Exception {
    int threads = 8;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    CyclicBarrier together = new CyclicBarrier(threads);
    List<SpecificRecord> records = Examples.all();
    try (AvroSerde<SpecificRecord> serde = new AvroSerde<>()) {
      serde.configure(config, false);
      List<Callable<Integer>> work = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        int offset = thread;
        work.add(
            () -> {
              together.await();
              int same = 0;
              for (int i = 0; i < 4_000; i++) {
                SpecificRecord record = records.get((i + offset) % records.size());
                String topic = record.getSchema().getName();
                byte[] bytes = serde.serializer().serialize(topic, record);
                same += serde.deserializer().deserialize(topic, bytes).equals(record) ? 1 : 0;
              }
              return same;
            });
      }
      for (Future<Integer> same : pool.invokeAll(work)) {
        assertThat(same.get()).isEqualTo(4_000);
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void shouldReadBuffersWhereverTheirBytesAre() {
    try (AvroSerde<SpecificRecord> serde = new AvroSerde<>()) {
      serde.configure(config, false);
      byte[] bytes = serde.serializer().serialize("t", Examples.reference());
      ByteBuffer padded = ByteBuffer.allocate(bytes.length + 20);
      padded.position(7).put(bytes).flip().position(7);
      ByteBuffer slice = padded.slice();
      ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();

      for (ByteBuffer buffer :
          List.of(padded, slice, direct, direct.asReadOnlyBuffer(), ByteBuffer.wrap(bytes))) {
        assertThat(serde.deserializer().deserialize("t", null, buffer))
            .isEqualTo(Examples.reference());
        assertThat(buffer.remaining()).isEqualTo(bytes.length);
      }
    }
  }

  @Test
  void shouldKeepCachesBounded() {
    Map<String, Object> small =
        Map.of("schema.registry.url", registry.url(), "max.schemas.per.subject", 10);
    RegistryConfig key = RegistryConfig.from(small);
    try (AvroSerializer<GenericRecord> serializer = new AvroSerializer<>();
        AvroDeserializer<GenericRecord> deserializer = new AvroDeserializer<>();
        RegistryClient client = RegistryClient.shared(key)) {
      serializer.configure(small, false);
      deserializer.configure(small, false);
      for (int i = 0; i < 100; i++) {
        Schema schema =
            SchemaBuilder.record("R" + i)
                .fields()
                .name("n")
                .type()
                .intType()
                .intDefault(i)
                .endRecord();
        GenericRecord record = new GenericData.Record(schema);
        record.put("n", i);
        byte[] bytes = serializer.serialize("t" + i, record);
        assertThat(deserializer.deserialize("t" + i, bytes)).isEqualTo(record);
      }
      assertThat(client.cached()).isEqualTo(10);
      assertThat(serializer.cached()).isEqualTo(10);
      assertThat(deserializer.cached()).isEqualTo(10);
    }
  }

  @Test
  void shouldDropTheEntryNotUsedForLongest() {
    BoundedCache<String, Integer> cache = new BoundedCache<>(2);
    cache.put("a", 1);
    cache.put("b", 2);
    assertThat(cache.get("a")).isEqualTo(1);
    cache.put("c", 3);

    assertThat(cache.get("b")).isNull();
    assertThat(cache.get("a")).isEqualTo(1);
    assertThat(cache.get("c")).isEqualTo(3);
  }

  @Test
  void shouldShareAClientUntilTheLastUserClosesIt() {
    RegistryConfig key = RegistryConfig.from(config);
    RegistryClient first = RegistryClient.shared(key);
    RegistryClient second = RegistryClient.shared(RegistryConfig.from(config));
    assertThat(second).isSameAs(first);
    first.close();
    assertThat(second.register("s", Schema.create(Schema.Type.INT), false)).isEqualTo(1);
    second.close();

    RegistryClient third = RegistryClient.shared(key);
    assertThat(third).isNotSameAs(first);
    third.close();
  }
}
