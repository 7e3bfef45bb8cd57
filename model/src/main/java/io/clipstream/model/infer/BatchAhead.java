package io.clipstream.model.infer;

import ai.djl.ndarray.NDArray;
import io.clipstream.model.clip.Clip;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * A batch that is prepared before the call that brings it: copied by other threads, and perhaps
 * begun. What fails is for that call. One thread, the classifier's.
 */
final class BatchAhead implements AutoCloseable {
  private final List<Clip> clips;
  private final CompletableFuture<NDArray> input;
  private TorchNetwork.Run begun;
  private RuntimeException failure;

  /**
   * @param input on its way to the device
   */
  BatchAhead(List<Clip> clips, CompletableFuture<NDArray> input) {
    this.clips = clips;
    this.input = input;
  }

  List<Clip> clips() {
    return clips;
  }

  /** Complete when its pixels are on the device or could not be copied. */
  CompletableFuture<?> copied() {
    return input.handle((array, error) -> array);
  }

  /** Gives it to the device, once, behind what that is at work on. */
  void begin(TorchNetwork network) {
    if (begun != null || failure != null) {
      return;
    }
    try {
      begun = network.begin(input.join());
    } catch (CompletionException e) {
      failure = e.getCause() instanceof RuntimeException cause ? cause : e;
    } catch (RuntimeException e) {
      failure = e;
    }
  }

  /** The batch at work; closed with this. */
  TorchNetwork.Run run(TorchNetwork network) {
    begin(network);
    if (failure != null) {
      throw failure;
    }
    return begun;
  }

  /** Its copy is done, and its result will not be read any more. */
  @Override
  public void close() {
    copied().join();
    if (begun != null) {
      begun.close();
    }
  }
}
