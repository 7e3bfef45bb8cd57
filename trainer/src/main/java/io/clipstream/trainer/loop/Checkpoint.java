package io.clipstream.trainer.loop;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.model.Sha256;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UTFDataFormatException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A training run as it stands between two steps: enough to go on as if it had never stopped.
 *
 * @param run digest of the run's identity
 * @param step steps done
 * @param history figures of the epochs so far
 * @param epoch what the steps of the epoch that is not at its end came to
 * @param optimizer weights and the optimiser's memory
 * @param best weights that were best on the validation clips
 */
record Checkpoint(
    String run,
    int step,
    List<EpochReport> history,
    Optional<Tally.Saved> epoch,
    Map<String, float[]> optimizer,
    Map<String, float[]> best) {

  private static final int MAGIC = 0x43535434; // CST4
  private static final int LONGEST_HEAD = 64 << 20;
  private static final ObjectMapper JSON = new ObjectMapper();

  private record Head(String run, int step, List<EpochReport> history, Tally.Saved epoch) {}

  /** A run before its first step. */
  static Checkpoint start(String run) {
    return new Checkpoint(run, 0, List.of(), Optional.empty(), Map.of(), Map.of());
  }

  /** The epoch whose weights are the best, the earlier of equals; empty before the first. */
  Optional<EpochReport> chosen() {
    return chosen(history);
  }

  static Optional<EpochReport> chosen(List<EpochReport> history) {
    return history.stream().reduce((a, b) -> EpochReport.BY_VALIDATION.compare(b, a) > 0 ? b : a);
  }

  /** After one more epoch. */
  Checkpoint withEpoch(EpochReport report, Map<String, float[]> weights) {
    List<EpochReport> longer = new ArrayList<>(history);
    longer.add(report);
    boolean better = chosen(longer).orElseThrow() == report;
    return new Checkpoint(
        run, step, List.copyOf(longer), Optional.empty(), optimizer, better ? weights : best);
  }

  /** After so many steps, at the end of an epoch. */
  Checkpoint withStep(int stepsDone, Map<String, float[]> optimizerState) {
    return new Checkpoint(run, stepsDone, history, Optional.empty(), optimizerState, best);
  }

  /** After so many steps, within an epoch. */
  Checkpoint withStep(int stepsDone, Map<String, float[]> optimizerState, Tally soFar) {
    return new Checkpoint(
        run, stepsDone, history, Optional.of(soFar.saved()), optimizerState, best);
  }

  /** The same of another run. */
  Checkpoint of(String otherRun) {
    return new Checkpoint(otherRun, step, history, epoch, optimizer, best);
  }

  /** Writes it, with the SHA-256 of what is written at the end, down to the disk. */
  void write(Path file) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      MessageDigest sha256 = Sha256.start();
      DataOutputStream out =
          new DataOutputStream(
              new DigestOutputStream(
                  new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16), sha256));
      out.writeInt(MAGIC);
      byte[] head = JSON.writeValueAsBytes(new Head(run, step, history, epoch.orElse(null)));
      out.writeInt(head.length);
      out.write(head);
      writeArrays(out, optimizer);
      writeArrays(out, best);
      out.write(sha256.digest());
      out.flush();
      channel.force(true);
    }
  }

  /**
   * Reads it.
   *
   * @throws IOException if it is not whole; the message says what is wrong with it
   */
  static Checkpoint read(Path file) throws IOException {
    MessageDigest sha256 = Sha256.start();
    try (InputStream buffered = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
        DataInputStream in = new DataInputStream(new DigestInputStream(buffered, sha256))) {
      if (in.readInt() != MAGIC) {
        throw new IOException("it is not a checkpoint of this version");
      }
      int length = in.readInt();
      if (length < 0 || length > LONGEST_HEAD) {
        throw new IOException("it is damaged");
      }
      byte[] head = new byte[length];
      in.readFully(head);
      long most = Files.size(file) / Float.BYTES;
      Map<String, float[]> optimizer = readArrays(in, most);
      Map<String, float[]> best = readArrays(in, most);
      byte[] found = sha256.digest();
      byte[] expected = new byte[found.length];
      new DataInputStream(buffered).readFully(expected);
      if (!MessageDigest.isEqual(found, expected)) {
        throw new IOException("it is damaged: its SHA-256 is not the one at its end");
      }
      Head read = JSON.readValue(head, Head.class);
      return new Checkpoint(
          read.run, read.step, read.history, Optional.ofNullable(read.epoch), optimizer, best);
    } catch (EOFException e) {
      throw new IOException("it is cut off", e);
    } catch (UTFDataFormatException e) {
      throw new IOException("it is damaged", e);
    }
  }

  private static void writeArrays(DataOutputStream out, Map<String, float[]> arrays)
      throws IOException {
    out.writeInt(arrays.size());
    for (Map.Entry<String, float[]> array : arrays.entrySet()) {
      out.writeUTF(array.getKey());
      out.writeInt(array.getValue().length);
      ByteBuffer bytes = ByteBuffer.allocate(array.getValue().length * Float.BYTES);
      bytes.asFloatBuffer().put(array.getValue());
      out.write(bytes.array());
    }
  }

  private static Map<String, float[]> readArrays(DataInputStream in, long most) throws IOException {
    Map<String, float[]> arrays = new LinkedHashMap<>();
    int count = in.readInt();
    for (int i = 0; i < count; i++) {
      String name = in.readUTF();
      int length = in.readInt();
      if (length < 0 || length > most) {
        throw new IOException("it is damaged");
      }
      float[] values = new float[length];
      byte[] bytes = new byte[values.length * Float.BYTES];
      in.readFully(bytes);
      ByteBuffer.wrap(bytes).asFloatBuffer().get(values);
      arrays.put(name, values);
    }
    return arrays;
  }
}
