package io.clipstream.trainer.data;

import io.clipstream.model.Printable;
import io.clipstream.model.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The pictures of a video that is a folder of them, in the order of their numbers. Other files and
 * folders in it are passed over. Immutable.
 */
final class FrameFolder {
  /** The last number in a picture's name. */
  private static final Pattern NUMBERED = Pattern.compile("(.*?)(?<!\\d)(\\d{1,9})(\\D*)");

  /** The one of several series that holds pictures: beside it are often those of their flow. */
  private static final String USUAL = "img_";

  /** Series that are told apart. */
  private static final int MOST_SERIES = 1000;

  private static final int TOLD = 3;

  private final Path folder;
  private final FrameSeries.Names names;
  private final long[] pictures; // number << 4 | digits, ascending
  private final String problem;

  private FrameFolder(Path folder, FrameSeries.Names names, long[] pictures, String problem) {
    this.folder = folder;
    this.names = names;
    this.pictures = pictures;
    this.problem = problem;
  }

  /** Pictures from one to before another, by their place in the order. */
  record Slice(int from, int to) {
    int size() {
      return to - from;
    }
  }

  /** Looks at the names in a folder; of the files nothing is read. */
  static FrameFolder list(Path folder, FrameSeries series) throws IOException {
    Pattern pattern = series.names().map(FrameSeries.Names::pattern).orElse(NUMBERED);
    Map<FrameSeries.Names, Numbers> found = new HashMap<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        Matcher numbered = pattern.matcher(name);
        boolean wanted = series.names().isPresent() || isPicture(name);
        if (wanted && !name.startsWith(".") && numbered.matches()) {
          FrameSeries.Names own = new FrameSeries.Names(numbered.group(1), numbered.group(3));
          if (found.size() < MOST_SERIES || found.containsKey(own)) {
            found.computeIfAbsent(own, n -> new Numbers()).add(numbered.group(2));
          }
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    boolean any = found.values().stream().anyMatch(numbers -> numbers.count > 1);
    if (any) { // one picture beside a series is none of its frames
      found.values().removeIf(numbers -> numbers.count == 1);
    }
    if (found.isEmpty()) {
      String expected =
          series.names().map(names -> "is called " + names).orElse("is a numbered JPEG or PNG");
      return unusable(folder, "none of the files in the folder " + expected);
    }
    if (found.size() > 1) {
      Map<FrameSeries.Names, Numbers> usual = new HashMap<>(found);
      usual.keySet().removeIf(names -> !names.before().equals(USUAL));
      if (usual.size() != 1) {
        return unusable(folder, several(found));
      }
      found = usual;
    }
    Map.Entry<FrameSeries.Names, Numbers> one = found.entrySet().iterator().next();
    long[] pictures = one.getValue().sorted();
    for (int i = 1; i < pictures.length; i++) {
      if (pictures[i] >> 4 == pictures[i - 1] >> 4) {
        return unusable(folder, "two pictures in the folder have the number " + (pictures[i] >> 4));
      }
    }
    return new FrameFolder(folder, one.getKey(), pictures, "");
  }

  private static FrameFolder unusable(Path folder, String problem) {
    return new FrameFolder(folder, new FrameSeries.Names("", ""), new long[0], problem);
  }

  private static String several(Map<FrameSeries.Names, Numbers> found) {
    return "the folder has several series of pictures (%s), expected one, or the name of one in data.frame-names"
        .formatted(
            found.keySet().stream()
                .map(names -> Printable.name(names.toString()))
                .sorted()
                .limit(TOLD)
                .collect(Collectors.joining(", ")));
  }

  private static boolean isPicture(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.endsWith(".jpg") || lower.endsWith(".jpeg") || lower.endsWith(".png");
  }

  /** The numbers of a series, each with its digits. */
  private static final class Numbers {
    long[] values = new long[16];
    int count;

    void add(String digits) {
      if (count == values.length) {
        values = Arrays.copyOf(values, 2 * count);
      }
      values[count++] = Long.parseLong(digits) << 4 | digits.length();
    }

    long[] sorted() {
      long[] sorted = Arrays.copyOf(values, count);
      Arrays.sort(sorted);
      return sorted;
    }
  }

  /** Why it is no video, one line; empty if it may be one. */
  String problem() {
    return problem;
  }

  int size() {
    return pictures.length;
  }

  int number(int picture) {
    return (int) (pictures[picture] >> 4);
  }

  Path picture(int picture) {
    String digits = Integer.toString(number(picture));
    int missing = (int) (pictures[picture] & 15) - digits.length();
    return folder.resolve(names.before() + "0".repeat(missing) + digits + names.behind());
  }

  /** The pictures that are frames of a span; empty: all. */
  Slice slice(Optional<FrameSpan> span) {
    if (span.isEmpty() || pictures.length == 0) {
      return new Slice(0, pictures.length);
    }
    long from = firstNumber(span.get());
    return new Slice(firstFrom(from), firstFrom(from + span.get().count()));
  }

  /** Pictures are numbered from 1, unless there is a 0. */
  private long firstNumber(FrameSpan span) {
    return span.first().isPresent()
        ? (long) span.first().getAsInt() + number(0) - shift()
        : number(0);
  }

  /** Which frame its first picture is: not 0 where the first are missing. */
  int shift() {
    return size() == 0 ? 0 : Math.max(0, number(0) - 1);
  }

  private int firstFrom(long number) {
    int found = Arrays.binarySearch(pictures, number << 4);
    return found < 0 ? -found - 1 : found;
  }

  /**
   * What of a span is not there, one line behind the folder's name.
   *
   * @param span empty: from the first picture to the last
   * @return empty if all is, or nothing, which is no video
   */
  Optional<String> missing(Optional<FrameSpan> span) {
    Slice there = slice(span);
    if (there.size() == 0) {
      return Optional.empty();
    }
    long from = span.map(this::firstNumber).orElse((long) number(0));
    long count = span.map(FrameSpan::count).orElse(number(size() - 1) - number(0) + 1);
    if (there.size() == count) {
      return Optional.empty();
    }
    long first = from;
    for (int i = there.from(); i < there.to() && number(i) == first; i++) {
      first++;
    }
    return Optional.of(
        "it lacks %d of its %d frames, number %d is the first"
            .formatted(count - there.size(), count, first));
  }

  /** What changes when a picture of it does: names, sizes and times of change, 64 hex digits. */
  String stamp() throws IOException {
    MessageDigest digest = Sha256.start();
    update(digest, names + problem);
    for (int i = 0; i < size(); i++) {
      update(digest, pictures[i] + " " + stamp(picture(i)));
    }
    return Sha256.hex(digest);
  }

  private static String stamp(Path picture) throws IOException {
    try {
      BasicFileAttributes found = Files.readAttributes(picture, BasicFileAttributes.class);
      return found.isRegularFile() ? found.size() + " " + found.lastModifiedTime() : "no file";
    } catch (FileSystemException e) { // as a link to nowhere
      if (Files.isRegularFile(picture)) {
        throw e;
      }
      return "no file";
    }
  }

  /**
   * Digest of the pictures, whatever they are called: their bytes and the distances of their
   * numbers. Folders that are no videos have one each.
   */
  String digest() throws IOException {
    MessageDigest digest = Sha256.start();
    update(digest, problem.isEmpty() ? "frames" : folder.toString());
    for (int i = 0; i < size(); i++) {
      Path picture = picture(i);
      long bytes = 0;
      MessageDigest own = Sha256.start();
      if (Files.isRegularFile(picture)) {
        try (InputStream in = Files.newInputStream(picture)) {
          byte[] some = new byte[1 << 16];
          for (int read = in.read(some); read >= 0; read = in.read(some)) {
            own.update(some, 0, read);
            bytes += read;
          }
        }
      }
      digest.update(
          ByteBuffer.allocate(2 * Long.BYTES).putLong(number(i) - number(0)).putLong(bytes).flip());
      digest.update(own.digest());
    }
    return Sha256.hex(digest);
  }

  private static void update(MessageDigest digest, String text) {
    digest.update((text + "\n").getBytes(StandardCharsets.UTF_8));
  }
}
