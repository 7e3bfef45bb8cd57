package io.clipstream.trainer.loop;

import io.clipstream.model.FileProblem;
import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The last two checkpoints of a run: where the last one is damaged, the run has the previous. */
public final class Checkpoints {
  private final Path folder;
  private final Path last;
  private final Path previous;

  /**
   * Whether the last one was found unreadable, so that it must not take the previous one's place.
   */
  private boolean lastIsDamaged;

  /**
   * @param folder that holds {@code checkpoint.bin} and {@code checkpoint-previous.bin}
   */
  public Checkpoints(Path folder) {
    this.folder = folder;
    this.last = folder.resolve("checkpoint.bin");
    this.previous = folder.resolve("checkpoint-previous.bin");
  }

  /** Writes one more; the last becomes the previous. A kill at any moment leaves one of them. */
  void write(Checkpoint checkpoint) throws IOException {
    Path part = folder.resolve("checkpoint.bin.part");
    try {
      checkpoint.write(part);
    } catch (IOException e) {
      Files.deleteIfExists(part);
      throw new UserError(
          "the checkpoint of step %d cannot be written to %s: %s; %s"
              .formatted(
                  checkpoint.step(),
                  folder,
                  FileProblem.of(e),
                  exist()
                      ? "the one before stays, start again to go on from it"
                      : "there is none before it"),
          e);
    }
    if (Files.exists(last) && !lastIsDamaged) {
      Files.move(last, previous, StandardCopyOption.ATOMIC_MOVE);
    }
    Files.move(part, last, StandardCopyOption.ATOMIC_MOVE);
    lastIsDamaged = false;
    try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
      directory.force(true);
    }
  }

  /**
   * The last checkpoint that is whole.
   *
   * @param run digest of the identity that it must have
   * @return empty if there is no checkpoint
   * @throws UserError if there are checkpoints and none can be used
   */
  Optional<Checkpoint> read(String run, Progress progress) throws IOException {
    List<String> wrong = new ArrayList<>();
    for (Path file : List.of(last, previous)) {
      if (!Files.exists(file)) {
        continue;
      }
      Checkpoint checkpoint;
      try {
        checkpoint = Checkpoint.read(file);
      } catch (IOException e) {
        wrong.add(file.getFileName() + ": " + FileProblem.of(e));
        lastIsDamaged |= file.equals(last);
        continue;
      }
      if (!checkpoint.run().equals(run)) {
        throw new UserError(
            folder
                + " holds a run of another recipe, start model or data; begin anew with --fresh, or"
                + " name another folder with -o");
      }
      if (!wrong.isEmpty()) {
        progress.note(
            "%s; going on from step %d of %s"
                .formatted(wrong.get(0), checkpoint.step(), file.getFileName()));
      }
      return Optional.of(checkpoint);
    }
    if (!wrong.isEmpty()) {
      throw new UserError(
          "no checkpoint in %s can be read (%s); begin anew with --fresh"
              .formatted(folder, String.join("; ", wrong)));
    }
    return Optional.empty();
  }

  /** Whether there are any, whether or not they can be read. */
  public boolean exist() {
    return Files.exists(last) || Files.exists(previous);
  }

  /** The digest of the identity that the last readable one has, if there is one. */
  public Optional<String> run() {
    for (Path file : List.of(last, previous)) {
      try {
        return Optional.of(Checkpoint.read(file).run());
      } catch (IOException e) {
        continue; // the other one may be readable
      }
    }
    return Optional.empty();
  }

  /**
   * Makes them those of a run that goes on as another.
   *
   * @param before digest of the identity that the run had
   * @param now the one that it has
   */
  public void rename(String before, String now, Progress progress) throws IOException {
    if (!exist() || run().equals(Optional.of(now))) { // a kill came before run.json was written
      return;
    }
    Checkpoint checkpoint = read(before, progress).orElseThrow().of(now);
    write(checkpoint);
    write(checkpoint); // the previous one too, so that one of them stays whatever comes
  }

  /** Removes them, to begin anew. */
  public void delete() throws IOException {
    Files.deleteIfExists(last);
    Files.deleteIfExists(previous);
  }
}
