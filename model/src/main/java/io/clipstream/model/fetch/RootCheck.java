package io.clipstream.model.fetch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** Looks at a file root once, and knows within some seconds, however its file system is. */
public final class RootCheck {
  private RootCheck() {}

  /** Whether there is something else than a folder. */
  public static boolean isNoFolder(Path root) {
    return look(() -> Files.exists(root) && !Files.isDirectory(root), hangs -> false);
  }

  /**
   * What keeps its files from being read, such as "lacks its marker x"; empty: nothing.
   *
   * @param marker name of the file that must be in it
   */
  public static Optional<String> trouble(Path root, Optional<String> marker) {
    FileRoot looked = new FileRoot(root.toAbsolutePath(), marker);
    return look(
        () -> {
          try {
            looked.find();
          } catch (IOException gone) {
            // It says so itself.
          }
          return looked.trouble();
        },
        Optional::of);
  }

  /** Whether there is a folder and nothing in it, as where a mount is missing. */
  public static boolean isEmpty(Path root) {
    return look(
        () -> {
          try {
            return FileRoot.isEmpty(root);
          } catch (IOException gone) {
            return false;
          }
        },
        hangs -> false);
  }

  private static <T> T look(Supplier<T> what, Function<String, T> hangs) {
    try (RootThreads threads = new RootThreads(RootThreads.PATIENCE)) {
      return threads.run(step -> what.get());
    } catch (RootThreads.HangsException e) {
      return hangs.apply(e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return hangs.apply("was not looked at");
    } catch (IOException | FetchFailure never) {
      throw new IllegalStateException(never);
    }
  }
}
