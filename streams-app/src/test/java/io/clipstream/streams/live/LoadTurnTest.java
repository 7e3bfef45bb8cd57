package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class LoadTurnTest {
  @Test
  void shouldLetOneLoadAfterTheOther() throws Exception {
    LoadTurn first = new LoadTurn();
    LoadTurn second = new LoadTurn();
    first.take();
    CompletableFuture<Void> turn = taking(second);

    assertThatThrownBy(() -> turn.get(50, TimeUnit.MILLISECONDS))
        .isInstanceOf(TimeoutException.class);
    first.end();

    turn.get(30, TimeUnit.SECONDS);
    second.end();
  }

  /** A load that is given up has its end told, though its thread may still hang. */
  @Test
  void shouldGoOnAfterALoadThatWasGivenUpWhileItWaited() throws Exception {
    LoadTurn first = new LoadTurn();
    LoadTurn givenUp = new LoadTurn();
    LoadTurn third = new LoadTurn();
    first.take();
    CompletableFuture<Void> turn = taking(givenUp);
    givenUp.end();
    first.end();

    third.take();
    third.end();

    assertThatThrownBy(() -> turn.get(30, TimeUnit.SECONDS))
        .hasRootCauseInstanceOf(InterruptedException.class);
    third.end(); // Once more gives nothing back.
    first.end();
    LoadTurn fourth = new LoadTurn();
    fourth.take();
    LoadTurn last = new LoadTurn();
    CompletableFuture<Void> fifth = taking(last);
    assertThatThrownBy(() -> fifth.get(50, TimeUnit.MILLISECONDS))
        .isInstanceOf(TimeoutException.class);
    fourth.end();
    fifth.get(30, TimeUnit.SECONDS);
    last.end();
  }

  private static CompletableFuture<Void> taking(LoadTurn turn) {
    CompletableFuture<Void> taken = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                turn.take();
                taken.complete(null);
              } catch (InterruptedException e) {
                taken.completeExceptionally(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
    return taken;
  }
}
