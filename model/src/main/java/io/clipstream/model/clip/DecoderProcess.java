package io.clipstream.model.clip;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.clipstream.model.ChildJvm;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;

/**
 * One {@link DecoderChild}, which decodes a file at a time. One thread at a time; {@link #watch} by
 * any. What blocks here, blocks on the child's answer and cannot be interrupted: whoever watches
 * kills the child instead.
 */
final class DecoderProcess implements AutoCloseable {
  private static final List<String> OPTIONS =
      List.of(
          "-Xmx256m",
          "-XX:MaxDirectMemorySize=8g",
          "-XX:+UseSerialGC",
          "-XX:+ExitOnOutOfMemoryError",
          "-XX:+DisplayVMOutputToStderr",
          "-XX:-CreateCoredumpOnCrash",
          "-XX:ErrorFile=" + System.getProperty("java.io.tmpdir") + "/clipstream-decoder-%p.log");
  private static final Duration START = Duration.ofMinutes(2);

  /** The child keeps the limit itself, unless it hangs. */
  private static final Duration GRACE = Duration.ofSeconds(5);

  private static final int CHUNK = 1 << 16;

  private final Process process;
  private final DataInputStream in;
  private final DataOutputStream out;
  private final byte[] chunk = new byte[CHUNK];

  // What the watcher looks at; guarded by this.
  private Thread reading;
  private long end;
  private boolean late;
  private boolean interrupted;
  private long idleSince = System.nanoTime();

  private volatile boolean killed;

  DecoderProcess() throws IOException {
    process =
        ChildJvm.of(OPTIONS, DecoderChild.class, List.of()).redirectError(Redirect.INHERIT).start();
    ChildJvm.sacrifice(process);
    in = new DataInputStream(process.getInputStream());
    out = new DataOutputStream(process.getOutputStream());
  }

  long pid() {
    return process.pid();
  }

  /**
   * Waits until it has started.
   *
   * @throws IOException if it cannot start
   */
  void awaitReady() throws IOException, InterruptedException {
    beginReading(START);
    try {
      if (in.readByte() == DecoderChild.READY) {
        return;
      }
    } catch (IOException e) {
      throwIfInterrupted();
    } finally {
      endReading();
    }
    throw new IOException("a process that decodes cannot be started, it " + ending());
  }

  /**
   * As {@link VideoDecoder#decode}. A child that died, or was killed for its time, is of no use any
   * more, see {@link #isAlive}; neither is one whose clips were not all taken.
   */
  DecodeResult decode(DecodeRequest request, ClipBuffers buffers, ClipSink sink)
      throws InterruptedException {
    boolean answered = false;
    try {
      beginReading(request.limits().timeout().plus(GRACE));
      out.writeUTF(request.json());
      out.flush();
      byte kind = in.readByte();
      while (kind == DecoderChild.CLIP) {
        receive(request.spec(), buffers, sink);
        kind = in.readByte();
      }
      String text = in.readUTF();
      answered = true;
      return result(kind, text);
    } catch (IOException e) {
      throwIfInterrupted();
      return died();
    } finally {
      endReading();
      if (!answered) {
        kill();
      }
    }
  }

  private static DecodeResult result(byte kind, String text) throws JsonProcessingException {
    return switch (kind) {
      case DecoderChild.DECODED -> DecodeRequest.read(text, DecodeResult.Decoded.class);
      case DecoderChild.REJECTED -> DecodeRequest.read(text, DecodeResult.Rejected.class);
      case DecoderChild.UNREADABLE -> throw new UncheckedIOException(new IOException(text));
      default -> throw new IllegalStateException(text);
    };
  }

  /** No time counts while this thread waits for others. */
  private void receive(ClipSpec spec, ClipBuffers buffers, ClipSink sink)
      throws IOException, InterruptedException {
    TimeRange range = new TimeRange(in.readDouble(), in.readDouble());
    int crop = in.readInt();
    Duration left = endReading();
    Clip clip = buffers.take(range, crop);
    boolean full = false;
    try {
      beginReading(left);
      ByteBuffer pixels = clip.pixels().duplicate();
      for (int missing = spec.clipBytes(); missing > 0; ) {
        int read = in.read(chunk, 0, Math.min(missing, CHUNK));
        if (read < 0) {
          throw new IOException("the clip is cut off");
        }
        pixels.put(chunk, 0, read);
        missing -= read;
      }
      left = endReading();
      full = true;
    } finally {
      if (!full) {
        clip.close();
      }
    }
    sink.accept(clip);
    beginReading(left);
  }

  private DecodeResult died() throws InterruptedException {
    String ending = ending();
    synchronized (this) {
      return late
          ? new DecodeResult.Rejected(
              DecodeReason.DECODE_TIMEOUT, "decoding took longer than allowed, and did not end")
          : new DecodeResult.Rejected(
              DecodeReason.CRASHED, "the process that decoded it " + ending);
    }
  }

  private String ending() throws InterruptedException {
    kill(); // It may have closed its output, or sent what is no answer.
    int code = process.waitFor();
    return "ended with code " + code + (code > 128 ? " (signal " + (code - 128) + ")" : "");
  }

  private void throwIfInterrupted() throws InterruptedException {
    synchronized (this) {
      if (!interrupted) {
        return;
      }
    }
    Thread.interrupted();
    throw new InterruptedException();
  }

  /** One interrupted before is not left to the watcher: an answer may be here before its look. */
  private synchronized void beginReading(Duration limit) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    reading = Thread.currentThread();
    end = System.nanoTime() + limit.toNanos();
  }

  private synchronized Duration endReading() {
    reading = null;
    idleSince = System.nanoTime();
    return Duration.ofNanos(Math.max(0, end - idleSince));
  }

  /** Kills it if its answer is late, or who waits for that was interrupted. */
  synchronized void watch(long now) {
    if (reading != null && (reading.isInterrupted() || now - end > 0)) {
      interrupted = reading.isInterrupted();
      late = !interrupted;
      kill();
    }
  }

  synchronized boolean isIdleSince(long time) {
    return reading == null && idleSince - time < 0;
  }

  boolean isAlive() {
    return !killed && process.isAlive();
  }

  private void kill() {
    killed = true;
    process.destroyForcibly();
  }

  @Override
  public void close() {
    kill();
    try {
      in.close();
      out.close();
    } catch (IOException e) {
      return; // It is dead.
    }
  }
}
