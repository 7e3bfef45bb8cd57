package io.clipstream.model.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLSocketFactory;

/**
 * Brings a checkpoint from an {@code https:} address into a folder, once. What arrived before a
 * break is kept and continued, also by a later process, if the server confirms that the file is
 * still the same (RFC 9110, Range and If-Range). One thread at a time.
 */
public final class CheckpointDownload {
  /** Digits of the SHA-256 at the end of a name: {@code swin3d_t-7615ae03.pth}. */
  private static final Pattern NAMED_DIGEST = Pattern.compile(".*-([0-9a-f]{8,64})\\.[A-Za-z0-9]+");

  /** Days, alone or with a time: trainers put them where others put a digest. */
  private static final Pattern DATE =
      Pattern.compile("(19|20)\\d\\d(0[1-9]|1[0-2])(0[1-9]|[12]\\d|3[01])(\\d{4}|\\d{6})?");

  private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d+)-(\\d+)/(\\d+)");
  private static final long MAX_BYTES = 16L << 30;
  private static final int MAX_ATTEMPTS = 5;
  private static final int CONNECT_MILLIS = 20_000;
  private static final int READ_MILLIS = 60_000;
  private static final int CHUNK = 1 << 16;

  /** Told after each piece, by the thread that downloads. */
  public interface Progress {
    /**
     * So much is there now.
     *
     * @param bytes that are there, those of earlier runs included
     * @param total of the file, or -1 if the server does not say
     */
    void at(long bytes, long total);
  }

  private final Path folder;
  private final Progress progress;
  private final SSLSocketFactory tls;
  private final Duration pause;

  /**
   * @param folder kept between runs; made if it does not exist
   */
  public CheckpointDownload(Path folder, Progress progress) {
    this(folder, progress, HttpsURLConnection.getDefaultSSLSocketFactory(), Duration.ofSeconds(1));
  }

  /**
   * @param pause before a second attempt; doubles with each further one
   */
  CheckpointDownload(Path folder, Progress progress, SSLSocketFactory tls, Duration pause) {
    this.folder = folder;
    this.progress = progress;
    this.tls = tls;
    this.pause = pause;
  }

  /** The server's answer will not change by asking again. */
  private static final class FinalException extends IOException {
    private static final long serialVersionUID = 1;

    FinalException(String message) {
      super(message);
    }
  }

  /**
   * Downloads, or finds what was downloaded before if its digest is known.
   *
   * @param sha256 the first 8 to 64 hex digits that the file must have; by default those in its
   *     name
   * @throws IOException if it cannot be had or has another digest; one line that begins with the
   *     address, without its query
   */
  public Path fetch(URI address, Optional<String> sha256) throws IOException, InterruptedException {
    if (!"https".equalsIgnoreCase(address.getScheme()) || address.getHost() == null) {
      throw new IOException(shown(address) + ": expected an https: address");
    }
    String path = Optional.ofNullable(address.getPath()).orElse("");
    String name = path.substring(path.lastIndexOf('/') + 1).replaceAll("[^A-Za-z0-9._-]", "_");
    if (name.isBlank() || name.startsWith(".") || name.length() > 150) {
      name = "checkpoint";
    }
    String fileName = name;
    Optional<String> expected =
        sha256.map(digits -> digits.toLowerCase(Locale.ROOT)).or(() -> namedDigest(fileName));
    // Two addresses can end alike.
    String place =
        HexFormat.of()
            .formatHex(sha256().digest(address.toString().getBytes(StandardCharsets.UTF_8)));
    Path home = Files.createDirectories(folder.resolve(place.substring(0, 16)));
    Path file = home.resolve(name);
    try (FileChannel lockFile =
            FileChannel.open(
                home.resolve(name + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = lock(lockFile)) {
      if (lock == null) {
        throw new IOException("another process is downloading it to " + home);
      }
      if (Files.exists(file) && expected.isPresent() && digest(file).startsWith(expected.get())) {
        return file;
      }
      Path part = home.resolve(name + ".part");
      Path validator = home.resolve(name + ".validator");
      download(address, part, validator);
      String found = digest(part);
      if (expected.isPresent() && !found.startsWith(expected.get())) {
        Files.delete(part);
        throw new IOException(
            "its SHA-256 is " + found + ", expected one that begins with " + expected.get());
      }
      Files.move(part, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
      Files.deleteIfExists(validator);
      return file;
    } catch (IOException e) {
      String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      throw new IOException(shown(address) + ": " + message.lines().findFirst().orElse(""), e);
    }
  }

  private static FileLock lock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) { // another thread of this process
      return null;
    }
  }

  /** Attempts count only while nothing new arrives. */
  private void download(URI address, Path part, Path validator)
      throws IOException, InterruptedException {
    for (int attempt = 1; ; attempt++) {
      long before = Files.exists(part) ? Files.size(part) : 0;
      try {
        if (attempt(address, part, validator)) {
          return;
        }
      } catch (FinalException e) {
        throw e;
      } catch (IOException e) {
        long after = Files.exists(part) ? Files.size(part) : 0;
        attempt = after > before ? 1 : attempt;
        if (attempt == MAX_ATTEMPTS) {
          throw e;
        }
      }
      if (attempt >= MAX_ATTEMPTS) {
        throw new IOException("the server gives parts of the file that do not fit together");
      }
      Thread.sleep(pause.toMillis() << (attempt - 1));
    }
  }

  /** One request. False if the file on the server is another one now: what was there is gone. */
  private boolean attempt(URI address, Path part, Path validator) throws IOException {
    long have = Files.exists(part) && Files.exists(validator) ? Files.size(part) : 0;
    HttpsURLConnection connection = (HttpsURLConnection) address.toURL().openConnection();
    connection.setSSLSocketFactory(tls);
    connection.setConnectTimeout(CONNECT_MILLIS);
    connection.setReadTimeout(READ_MILLIS);
    connection.setUseCaches(false);
    connection.setRequestProperty("Accept-Encoding", "identity");
    if (have > 0) {
      connection.setRequestProperty("Range", "bytes=" + have + "-");
      connection.setRequestProperty("If-Range", Files.readString(validator));
    }
    try {
      int status = connection.getResponseCode();
      if (status == 416) {
        Files.deleteIfExists(part);
        return false;
      }
      boolean continued = status == HttpURLConnection.HTTP_PARTIAL && have > 0;
      if (!continued && status != HttpURLConnection.HTTP_OK) {
        refuse(status, connection);
      }
      long start = continued ? have : 0;
      long total = connection.getContentLengthLong();
      if (continued) {
        Matcher range = CONTENT_RANGE.matcher(header(connection, "Content-Range"));
        if (!range.matches() || !range.group(1).equals(Long.toString(have))) {
          Files.deleteIfExists(part);
          return false;
        }
        total = Long.parseLong(range.group(3));
      } else {
        remember(connection, validator);
      }
      long done = copy(connection, part, start, total);
      if (total >= 0 && done != total) {
        throw new IOException("the connection ended after " + done + " of " + total + " bytes");
      }
      return true;
    } finally {
      connection.disconnect();
    }
  }

  private long copy(HttpURLConnection connection, Path part, long start, long total)
      throws IOException {
    if (total > MAX_BYTES) {
      throw new FinalException("has " + total + " bytes, expected at most " + MAX_BYTES);
    }
    long done = start;
    try (FileChannel out =
            FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        InputStream in = connection.getInputStream()) {
      out.truncate(start).position(start);
      byte[] chunk = new byte[CHUNK];
      progress.at(done, total);
      for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
        if (done + n > MAX_BYTES || (total >= 0 && done + n > total)) {
          throw new FinalException("the server sends more than the file has");
        }
        ByteBuffer piece = ByteBuffer.wrap(chunk, 0, n);
        while (piece.hasRemaining()) {
          out.write(piece);
        }
        done += n;
        progress.at(done, total);
      }
    }
    return done;
  }

  /** Without a strong validator, a broken download starts anew. */
  private static void remember(HttpURLConnection connection, Path validator) throws IOException {
    String etag = header(connection, "ETag");
    String modified = header(connection, "Last-Modified");
    if (!etag.isEmpty() && !etag.startsWith("W/")) {
      Files.writeString(validator, etag);
    } else if (!modified.isEmpty()) {
      Files.writeString(validator, modified);
    } else {
      Files.deleteIfExists(validator);
    }
  }

  private static void refuse(int status, HttpURLConnection connection) throws IOException {
    String location = header(connection, "Location");
    if (status / 100 == 3) {
      throw new FinalException(
          "the server redirects to "
              + (location.isEmpty() ? "nowhere" : CheckpointTypes.printable(location))
              + ", expected an https: address");
    }
    String message = "the server says " + status + ", expected 200";
    if (status == 429 || status >= 500) {
      throw new IOException(message);
    }
    throw new FinalException(message);
  }

  private static String header(HttpURLConnection connection, String name) {
    return Optional.ofNullable(connection.getHeaderField(name)).orElse("");
  }

  /** Queries can hold keys. */
  private static String shown(URI address) {
    return address.getScheme()
        + "://"
        + address.getHost()
        + (address.getPort() < 0 ? "" : ":" + address.getPort())
        + address.getPath();
  }

  /**
   * The first 8 to 64 hex digits of a file's SHA-256 that its name ends with, as that of {@code
   * swin3d_t-7615ae03.pth} does. A date such as 20240115 is taken for none.
   */
  public static Optional<String> namedDigest(String fileName) {
    Matcher named = NAMED_DIGEST.matcher(fileName);
    return named.matches() && !DATE.matcher(named.group(1)).matches()
        ? Optional.of(named.group(1))
        : Optional.empty();
  }

  /** SHA-256 of a file, 64 lower-case hex digits. */
  public static String digest(Path file) throws IOException {
    MessageDigest sha256 = sha256();
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), sha256)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(sha256.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
  }
}
