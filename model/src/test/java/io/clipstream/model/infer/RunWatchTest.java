package io.clipstream.model.infer;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RunWatchTest {
  @Test
  void shouldNameWhatHangsUntilItEnds() throws Exception {
    LinkedBlockingQueue<String> told = new LinkedBlockingQueue<>();

    RunWatch watch =
        RunWatch.begin("A batch of sports-3 on gpu0", Duration.ofMillis(10), told::add);
    String line = told.poll(60, TimeUnit.SECONDS);
    watch.close();

    assertThat(line)
        .startsWith("A batch of sports-3 on gpu0 has not ended after ")
        .endsWith(" s: " + Thread.currentThread().getName());
  }
}
