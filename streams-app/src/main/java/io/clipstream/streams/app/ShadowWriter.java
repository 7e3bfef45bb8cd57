package io.clipstream.streams.app;

import io.clipstream.model.Count;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.streams.classify.ShadowSink;
import io.clipstream.streams.classify.VideoRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes labels of shadow versions to their topic, on a thread of its own, outside of the
 * transactions of live work: after a crash a video may be there twice or not at all. What Kafka or
 * the registry do not take is dropped. All threads.
 */
final class ShadowWriter implements ShadowSink {
  private static final Logger log = LoggerFactory.getLogger(ShadowWriter.class);
  private static final int MAX_WAITING = 1000;
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);
  private static final long BETWEEN_WARNINGS_NANOS = 60_000_000_000L;

  private final KafkaProducer<byte[], VideoLabels> producer;
  private final String topic;
  private final ThreadPoolExecutor thread;
  private final LongAdder dropped = new LongAdder();
  private volatile long nextWarning = System.nanoTime();

  /**
   * @param producer closed with this
   */
  ShadowWriter(KafkaProducer<byte[], VideoLabels> producer, String topic) {
    this.producer = producer;
    this.topic = topic;
    this.thread =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MAX_WAITING),
            work -> {
              Thread made = new Thread(work, "shadow-labels");
              made.setDaemon(true);
              return made;
            },
            (work, executor) -> dropped("too many labels wait"));
  }

  @Override
  public void accept(VideoRequest request, VideoLabels labels) {
    byte[] key =
        request.key() != null ? request.key() : labels.getId().getBytes(StandardCharsets.UTF_8);
    thread.execute(() -> write(key, labels));
  }

  @SuppressWarnings("FutureReturnValueIgnored") // The callback tells.
  private void write(byte[] key, VideoLabels labels) {
    try {
      producer.send(
          new ProducerRecord<>(topic, key, labels),
          (metadata, error) -> {
            if (error != null) {
              dropped(error.toString());
            }
          });
    } catch (RuntimeException e) { // of Kafka or the registry
      dropped(e.toString());
    }
  }

  private void dropped(String reason) {
    dropped.increment();
    long now = System.nanoTime();
    if (now - nextWarning >= 0) {
      nextWarning = now + BETWEEN_WARNINGS_NANOS;
      log.warn(
          "{} of labels did not reach {}: {}", Count.of(dropped.sum(), "record"), topic, reason);
    }
  }

  @Override
  public void close() {
    thread.shutdown();
    try {
      if (!thread.awaitTermination(CLOSE_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        thread.shutdownNow();
      }
    } catch (InterruptedException e) {
      thread.shutdownNow();
      Thread.currentThread().interrupt();
    }
    producer.close(CLOSE_LIMIT);
  }
}
