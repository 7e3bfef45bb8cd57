package io.clipstream.trainer.motion;

import io.clipstream.model.Sha256;
import io.clipstream.model.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The source pictures in a folder, dealt to training, validation and test by a hash of their names,
 * so that a picture stays on its side whatever else is added.
 *
 * @param folder that holds the files
 * @param files sorted by name
 */
public record PictureLibrary(Path folder, List<Path> files) {
  private static final Set<String> KINDS =
      Set.of("jpg", "jpeg", "png", "webp", "bmp", "mp4", "webm", "mkv", "avi", "mov", "ogv");

  /** Which pictures a set of clips is made from. */
  public enum Part {
    TRAIN(0, 65),
    VALIDATION(65, 80),
    TEST(80, 100);

    private final int from;
    private final int to;

    Part(int from, int to) {
      this.from = from;
      this.to = to;
    }
  }

  public PictureLibrary {
    files = List.copyOf(files);
  }

  /** Lists the pictures (and videos, whose middle frame is taken) right in a folder. */
  public static PictureLibrary open(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new UserError(
          "no folder of photographs at "
              + folder
              + "; make it with trainer/fetch-photographs "
              + folder);
    }
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> pictures = files.filter(f -> KINDS.contains(kind(f))).sorted().toList();
      return new PictureLibrary(folder, pictures);
    }
  }

  private static String kind(Path file) {
    String name = file.getFileName().toString();
    return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }

  /** The files of one part. */
  public List<Path> part(Part part) {
    List<Path> pictures =
        files.stream().filter(f -> percentile(f) >= part.from && percentile(f) < part.to).toList();
    if (pictures.isEmpty()) {
      throw new UserError(
          "%s has %d pictures, none of them for %s; add more"
              .formatted(folder, files.size(), part.name().toLowerCase(Locale.ROOT)));
    }
    return pictures;
  }

  /** Reads the pictures of one part, all in memory: about 4 MiB each. */
  public List<Picture> read(Part part) throws IOException {
    List<Picture> pictures = new ArrayList<>();
    for (Path file : part(part)) {
      pictures.add(Picture.read(file));
    }
    return pictures;
  }

  /** 0 to 99, the same for a picture's name (without its extension) in every folder. */
  private static int percentile(Path file) {
    String name = file.getFileName().toString();
    byte[] hash =
        Sha256.start()
            .digest(name.substring(0, name.lastIndexOf('.')).getBytes(StandardCharsets.UTF_8));
    return ((((hash[0] & 0xff) << 8) | (hash[1] & 0xff)) * 100) >> 16;
  }
}
