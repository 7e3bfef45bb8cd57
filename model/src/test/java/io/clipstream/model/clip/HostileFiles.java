package io.clipstream.model.clip;

import io.clipstream.model.clip.VideoEncoder.Settings;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;

/** Damaged and hostile files, derived from good ones, each with what may become of it. */
final class HostileFiles {
  /**
   * @param complete whether clips of a complete video may come of it
   * @param partial whether clips of a video marked as partial may
   * @param reasons with which it may be rejected
   */
  record Expected(boolean complete, boolean partial, Set<DecodeReason> reasons) {}

  private static final Expected COMPLETE = new Expected(true, false, Set.of());
  private static final Expected PARTIAL = new Expected(false, true, Set.of());

  /** Clips, where the container does not tell whether all of them are there. */
  private static final Expected CLIPS = new Expected(true, true, Set.of());

  private static final Expected CORRUPT = rejected(DecodeReason.CORRUPT);
  private static final Expected NOT_A_VIDEO = rejected(DecodeReason.NOT_A_VIDEO);

  /** Random bits of another encoder's file are others, so which harm they do is not known. */
  private static final Expected ROTTEN =
      new Expected(
          true,
          true,
          EnumSet.of(
              DecodeReason.CORRUPT,
              DecodeReason.TOO_SHORT,
              DecodeReason.NOT_A_VIDEO,
              DecodeReason.NO_VIDEO_STREAM,
              DecodeReason.PICTURE_TOO_LARGE));

  /** Containers whose header, or the cut packet itself, tells that a file was cut. */
  private static final Set<String> TELL_A_CUT =
      Set.of(
          "faststart.mp4", "fragments.mp4", "good.webm", "good.avi", "good.flv", "good.mjpeg.avi");

  /** Files that are told by what follows their first 64 bytes: packets or MPEG pictures. */
  private static final Set<String> PICTURES_TELL =
      Set.of("good.mp4", "fragments.mp4", "good.avi", "good.ts", "good.mpg", "good.mjpeg.avi");

  private final Path directory;
  private final Map<Path, Expected> files = new LinkedHashMap<>();
  private final Map<String, byte[]> good = new LinkedHashMap<>();

  private HostileFiles(Path directory) {
    this.directory = directory;
  }

  /** Writes all of them, in an order that does not change. */
  static Map<Path, Expected> write(Path directory) throws IOException {
    HostileFiles hostile = new HostileFiles(directory);
    hostile.makeGood();
    hostile.truncate();
    hostile.tearHoles();
    hostile.rot();
    hostile.lieInMp4();
    hostile.lieInOthers();
    hostile.playlists();
    hostile.NOT_A_VIDEOs();
    hostile.oddButGood();
    return hostile.files;
  }

  private void makeGood() throws IOException {
    Settings mpeg4 = Settings.of("mpeg4", 160, 120, 25).withBitRate(600_000).withKeyInterval(10);
    Map<String, Settings> settings = new LinkedHashMap<>();
    settings.put("good.mp4", mpeg4.withBFrames(2));
    settings.put(
        "faststart.mp4",
        Settings.of("libopenh264", 160, 120, 25)
            .withBitRate(600_000)
            .withKeyInterval(10)
            .withFormatOptions(Map.of("movflags", "faststart")));
    settings.put(
        "fragments.mp4", mpeg4.withFormatOptions(Map.of("movflags", "frag_keyframe+empty_moov")));
    settings.put(
        "good.webm",
        Settings.of("libvpx-vp9", 160, 120, 25)
            .withBitRate(400_000)
            .withKeyInterval(10)
            .withCodecOptions(Map.of("deadline", "realtime", "cpu-used", "8")));
    settings.put("good.avi", mpeg4);
    settings.put(
        "good.ts", Settings.of("mpeg2video", 160, 112, 25).withBitRate(800_000).withBFrames(2));
    settings.put("good.mpg", Settings.of("mpeg1video", 160, 112, 25).withBitRate(800_000));
    settings.put("good.flv", Settings.of("flv", 160, 120, 25).withBitRate(600_000));
    settings.put("good.asf", Settings.of("wmv2", 160, 120, 25).withBitRate(600_000));
    settings.put("good.mjpeg.avi", Settings.of("mjpeg", 160, 120, 25).withBitRate(2_000_000));
    for (Map.Entry<String, Settings> entry : settings.entrySet()) {
      Path file = TestVideos.write(directory.resolve(entry.getKey()), entry.getValue(), 40);
      good.put(entry.getKey(), Files.readAllBytes(file));
      files.put(file, COMPLETE);
    }
  }

  private void truncate() throws IOException {
    for (Map.Entry<String, byte[]> entry : good.entrySet()) {
      String name = entry.getKey();
      for (int percent : new int[] {1, 35, 70, 98}) {
        byte[] bytes = entry.getValue();
        Expected expected;
        if (percent == 1 && name.equals("good.mpg")) { // has no header that promises more
          expected = rejected(DecodeReason.CORRUPT, DecodeReason.TOO_SHORT);
        } else if (percent == 1 || name.equals("good.mp4")) { // good.mp4's header is at its end
          expected = CORRUPT;
        } else {
          // Of the last 2 % a header's duration is not exact enough to tell.
          expected = TELL_A_CUT.contains(name) && percent < 98 ? PARTIAL : CLIPS;
        }
        add(
            "cut-" + percent + "-" + name,
            Arrays.copyOf(bytes, bytes.length * percent / 100),
            expected);
      }
    }
    byte[] fast = good.get("faststart.mp4");
    add("cut-half-faststart.mp4", Arrays.copyOf(fast, fast.length / 2), PARTIAL);
    byte[] late = good.get("good.mp4");
    int moov = find(late, "moov", 0);
    add("no-moov.mp4", Arrays.copyOf(late, moov - 4), CORRUPT);
    byte[] fragments = good.get("fragments.mp4");
    int mdat = find(fragments, "mdat", 0);
    add(
        "header-only.mp4",
        Arrays.copyOf(fragments, find(fragments, "moof", 0) - 4),
        rejected(DecodeReason.TOO_SHORT));
    add("first-fragment-cut.mp4", Arrays.copyOf(fragments, mdat + 200), CORRUPT);
  }

  /** Bytes in the middle are gone, or others are in their place. */
  private void tearHoles() throws IOException {
    for (String name : List.of("good.webm", "good.avi", "good.ts", "good.flv", "good.mjpeg.avi")) {
      byte[] bytes = good.get(name);
      int from = bytes.length / 2;
      int to = from + bytes.length / 6;
      byte[] zeros = bytes.clone();
      Arrays.fill(zeros, from, to, (byte) 0);
      add("hole-of-zeros-" + name, zeros, PARTIAL);
      add(
          "hole-" + name,
          concat(Arrays.copyOf(bytes, from), Arrays.copyOfRange(bytes, to, bytes.length)),
          PARTIAL);
    }
  }

  private void rot() throws IOException {
    int seed = 1;
    for (Map.Entry<String, byte[]> entry : good.entrySet()) {
      for (int every : new int[] {5000, 500, 50}) {
        byte[] bytes = entry.getValue().clone();
        Random random = new Random(seed++);
        for (int i = 0; i < bytes.length / every + 1; i++) {
          int at = random.nextInt(bytes.length);
          bytes[at] ^= (byte) (1 << random.nextInt(8));
        }
        add("rot-" + every + "-" + entry.getKey(), bytes, ROTTEN);
      }
      byte[] noHeader = entry.getValue().clone();
      Arrays.fill(noHeader, 0, 64, (byte) 0);
      Expected expected = PICTURES_TELL.contains(entry.getKey()) ? CLIPS : NOT_A_VIDEO;
      add("no-header-" + entry.getKey(), noHeader, expected);
    }
    byte[] noise = good.get("faststart.mp4").clone();
    int mdat = find(noise, "mdat", 0) + 4;
    byte[] random = new byte[noise.length - mdat];
    new Random(7).nextBytes(random);
    System.arraycopy(random, 0, noise, mdat, random.length);
    add("noise-for-pictures.mp4", noise, CORRUPT);
  }

  private void lieInMp4() throws IOException {
    mp4("stsz-2e31-frames.mp4", "stsz", b -> b.putInt(12, Integer.MAX_VALUE), CORRUPT);
    mp4("stsz-2e32-frames-of-one-size.mp4", "stsz", b -> b.putInt(8, 1).putInt(12, -1), CORRUPT);
    mp4("stts-2e31-entries.mp4", "stts", b -> b.putInt(8, Integer.MAX_VALUE), CORRUPT);
    mp4("stts-2e31-frames.mp4", "stts", b -> b.putInt(12, Integer.MAX_VALUE), COMPLETE);
    mp4("stts-no-time-passes.mp4", "stts", b -> b.putInt(16, 0), PARTIAL);
    mp4("stts-frames-last-for-ever.mp4", "stts", b -> b.putInt(16, Integer.MAX_VALUE), CORRUPT);
    mp4("stsc-2e31-entries.mp4", "stsc", b -> b.putInt(8, Integer.MAX_VALUE), CORRUPT);
    mp4("stsc-2e31-per-chunk.mp4", "stsc", b -> b.putInt(16, Integer.MAX_VALUE), COMPLETE);
    mp4("stco-past-the-end.mp4", "stco", b -> b.putInt(12, Integer.MAX_VALUE), CORRUPT);
    mp4("stco-2e32-entries.mp4", "stco", b -> b.putInt(8, -1), COMPLETE);
    mp4("stss-2e31-entries.mp4", "stss", b -> b.putInt(8, Integer.MAX_VALUE), CORRUPT);
    mp4("ctts-absurd-offset.mp4", "ctts", b -> b.putInt(16, Integer.MIN_VALUE), CLIPS);
    mp4("mdhd-timescale-0.mp4", "mdhd", b -> b.putInt(16, 0), CORRUPT);
    mp4("mdhd-timescale-1.mp4", "mdhd", b -> b.putInt(16, 1), CORRUPT);
    mp4("mdhd-timescale-2e31.mp4", "mdhd", b -> b.putInt(16, Integer.MAX_VALUE), COMPLETE);
    mp4("mvhd-timescale-0.mp4", "mvhd", b -> b.putInt(16, 0), COMPLETE);
    mp4("mvhd-2e32-long.mp4", "mvhd", b -> b.putInt(20, -1), COMPLETE);
    mp4("mdhd-2e32-long.mp4", "mdhd", b -> b.putInt(20, -1), COMPLETE);
    mp4("elst-huge-start.mp4", "elst", b -> b.putInt(16, Integer.MAX_VALUE), CORRUPT);
    mp4("elst-negative.mp4", "elst", b -> b.putInt(16, Integer.MIN_VALUE), CORRUPT);
    mp4("elst-2e31-entries.mp4", "elst", b -> b.putInt(8, Integer.MAX_VALUE), COMPLETE);
    byte[] fast = good.get("faststart.mp4").clone();
    at(
        fast,
        find(fast, "stsd", 0),
        "avc1",
        b -> b.putShort(28, (short) -1).putShort(30, (short) -1));
    add("65535-x-65535.mp4", fast, COMPLETE); // the stream itself says 160 x 120
    unknownCodec("unknown-codec.mp4", "faststart.mp4", "avc1", "zzz1");
    unknownCodec("unknown-codec.webm", "good.webm", "V_VP9", "V_ZZ9");
    unknownCodec("unknown-codec.avi", "good.avi", "FMP4", "ZZZ4");
    byte[] name = good.get("good.mp4").clone();
    at(name, "mp4v", b -> b.put(0, (byte) 'z'));
    add("codec-told-by-its-object-type.mp4", name, COMPLETE);
    byte[] sizeLie = good.get("faststart.mp4").clone();
    ByteBuffer.wrap(sizeLie).putInt(find(sizeLie, "mdat", 0) - 4, 0x7fffffff);
    add("mdat-2-gb.mp4", sizeLie, COMPLETE);
    byte[] moov = good.get("faststart.mp4").clone();
    ByteBuffer.wrap(moov).putInt(find(moov, "moov", 0) - 4, 0x7fffffff);
    add("moov-2-gb.mp4", moov, COMPLETE);

    ByteBuffer nested = ByteBuffer.allocate(8 * 100_000 + 32);
    nested.put(box("ftyp", "isom\0\0\0\1isom".getBytes(StandardCharsets.ISO_8859_1)));
    for (int i = 0; i < 100_000; i++) {
      nested.putInt(8 * (100_000 - i)).put("moov".getBytes(StandardCharsets.ISO_8859_1));
    }
    add("moov-in-moov.mp4", nested.array(), CORRUPT);
    ByteBuffer traks = ByteBuffer.allocate(8 * 100_000 + 40);
    traks.put(box("ftyp", "isom\0\0\0\1isom".getBytes(StandardCharsets.ISO_8859_1)));
    traks.putInt(8 * 100_000 + 8).put("moov".getBytes(StandardCharsets.ISO_8859_1));
    for (int i = 0; i < 100_000; i++) {
      traks.putInt(8).put("trak".getBytes(StandardCharsets.ISO_8859_1));
    }
    add("100000-tracks.mp4", traks.array(), CORRUPT);
    ByteArrayOutputStream atoms = new ByteArrayOutputStream();
    atoms.writeBytes(box("ftyp", "isom\0\0\0\1isom".getBytes(StandardCharsets.ISO_8859_1)));
    for (int i = 0; i < 500_000; i++) {
      atoms.writeBytes(box("free", new byte[0]));
    }
    add("500000-empty-atoms.mp4", atoms.toByteArray(), CORRUPT);
    add(
        "random-after-ftyp.mp4",
        concat(
            box("ftyp", "isom\0\0\0\1isom".getBytes(StandardCharsets.ISO_8859_1)), random(50_000)),
        CORRUPT);
  }

  private void lieInOthers() throws IOException {
    byte[] avi = good.get("good.avi");
    avi("2e31-frames.avi", avi, "avih", b -> b.putInt(24, Integer.MAX_VALUE), COMPLETE);
    byte[] pipe = avi.clone(); // FFmpeg's header of an AVI file that it cannot go back in
    ByteBuffer.wrap(pipe).putInt(4, -1);
    at(pipe, find(pipe, "avih", 0), "avih", b -> b.putInt(24, 0));
    avi("length-unknown.avi", pipe, "strh", b -> b.putInt(40, 1 << 30), COMPLETE);
    avi("0-frames-a-second.avi", avi, "strh", b -> b.putInt(28, 0).putInt(32, 0), COMPLETE);
    avi("2e31-frames-a-second.avi", avi, "strh", b -> b.putInt(32, -1), COMPLETE);
    avi(
        "one-frame-a-day.avi",
        avi,
        "strh",
        b -> b.putInt(28, 86_400).putInt(32, 1),
        rejected(DecodeReason.TOO_LONG));
    avi(
        "65535-x-65535.avi",
        avi,
        "strf",
        b -> b.putInt(12, 65_535).putInt(16, 65_535),
        COMPLETE); // as above
    avi(
        "100000-x-100000.mjpeg.avi",
        good.get("good.mjpeg.avi"),
        "strf",
        b -> b.putInt(12, 100_000).putInt(16, 100_000),
        COMPLETE);
    Path lossless = directory.resolve("100000-x-100000.ffv1.avi");
    TestVideos.write(lossless, Settings.of("ffv1", 160, 120, 25), 10);
    byte[] noSize = Files.readAllBytes(lossless);
    Files.delete(lossless);
    avi( // nothing but the header tells the size
        lossless.getFileName().toString(),
        noSize,
        "strf",
        b -> b.putInt(12, 100_000).putInt(16, 100_000),
        rejected(DecodeReason.PICTURE_TOO_LARGE));
    byte[] jpegs = good.get("good.mjpeg.avi").clone();
    for (int i = 0; i + 8 < jpegs.length; i++) { // start of frame: height, width
      if (jpegs[i] == (byte) 0xff && jpegs[i + 1] == (byte) 0xc0 && jpegs[i + 2] == 0) {
        jpegs[i + 5] = jpegs[i + 7] = (byte) 0xff;
      }
    }
    add("65000-x-65000-in-each-picture.avi", jpegs, CORRUPT);

    add(
        "5000-x-5000.y4m",
        "YUV4MPEG2 W5000 H5000 F25:1 C420jpeg\nFRAME\n".getBytes(StandardCharsets.ISO_8859_1),
        rejected(DecodeReason.PICTURE_TOO_LARGE));
    add(
        "0-frames-a-second.y4m",
        concat(
            "YUV4MPEG2 W16 H16 F0:0 C420jpeg\n".getBytes(StandardCharsets.ISO_8859_1),
            repeat("FRAME\n" + "a".repeat(384), 20)),
        COMPLETE);
    // VP8 key frame whose header says 16383 x 16383 (RFC 6386, 9.1), in a container that says 16.
    ByteBuffer vp8 = ByteBuffer.allocate(32 + 3 * (12 + 40)).order(ByteOrder.LITTLE_ENDIAN);
    vp8.put("DKIF".getBytes(StandardCharsets.ISO_8859_1)).putShort((short) 0).putShort((short) 32);
    vp8.put("VP80".getBytes(StandardCharsets.ISO_8859_1)).putShort((short) 16).putShort((short) 16);
    vp8.putInt(25).putInt(1).putInt(-1).putInt(0);
    for (int i = 0; i < 3; i++) {
      int end = vp8.position() + 12 + 40;
      vp8.putInt(40).putLong(i);
      vp8.put((byte) 0x10).put((byte) 0).put((byte) 0).put((byte) 0x9d).put((byte) 1);
      vp8.put((byte) 0x2a).putShort((short) 0x3fff).putShort((short) 0x3fff);
      vp8.position(end);
    }
    add("16383-x-16383-in-120-bytes.ivf", vp8.array(), rejected(DecodeReason.PICTURE_TOO_LARGE));

    byte[] webm = good.get("good.webm");
    byte[] wide = webm.clone();
    int width = find(wide, new byte[] {(byte) 0xb0, (byte) 0x81}, 0); // PixelWidth, one byte long
    if (width > 0) {
      wide[width] = (byte) 0xec; // Void instead: the width is gone
      add("no-width.webm", wide, CORRUPT);
    }
    byte[] cluster = webm.clone();
    int at = find(cluster, new byte[] {0x1f, 0x43, (byte) 0xb6, 0x75}, 0);
    Arrays.fill(cluster, at + 4, at + 12, (byte) 0xff);
    add("endless-cluster.webm", cluster, CLIPS);
    ByteArrayOutputStream deep = new ByteArrayOutputStream();
    deep.write(webm, 0, 40);
    for (int i = 0; i < 50_000; i++) {
      deep.writeBytes(new byte[] {0x11, 0x4d, (byte) 0x9b, 0x74, 0x01, -1, -1, -1, -1, -1, -1, -1});
    }
    add("seek-head-in-seek-head.webm", deep.toByteArray(), CORRUPT);

    byte[] ts = good.get("good.ts");
    byte[] shuffled = new byte[ts.length];
    Random random = new Random(3);
    int packets = ts.length / 188;
    for (int i = 0; i < packets; i++) {
      System.arraycopy(ts, 188 * random.nextInt(packets), shuffled, 188 * i, 188);
    }
    add("shuffled-packets.ts", shuffled, PARTIAL);
    byte[] sync = random(188 * 2000);
    for (int i = 0; i < sync.length; i += 188) {
      sync[i] = 0x47;
    }
    add("random-packets.ts", sync, CORRUPT);
    byte[] flv = good.get("good.flv").clone();
    for (int i = 0, tag = 13; tag + 11 < flv.length; i++) { // times jump by days both ways
      int size = (flv[tag + 1] & 255) << 16 | (flv[tag + 2] & 255) << 8 | (flv[tag + 3] & 255);
      flv[tag + 7] = (byte) (i % 3 == 2 ? 0x70 : 0);
      tag += 11 + size + 4;
    }
    add("times-jump-by-weeks.flv", flv, COMPLETE);
    add("header-only.flv", Arrays.copyOf(flv, 13), NOT_A_VIDEO);
    add("joined.ts", concat(ts, ts), COMPLETE);
    add("joined-containers.mp4", concat(good.get("faststart.mp4"), webm), PARTIAL);
  }

  private void playlists() throws IOException {
    String target = directory.resolve("good.mp4").toAbsolutePath().toString();
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put(
        "hls.mp4",
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n" + target + "\n#EXT-X-ENDLIST\n");
    texts.put("hls-url.mp4", "#EXTM3U\n#EXTINF:10,\nfile://" + target + "\n");
    texts.put("hls-remote.mp4", "#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:1/a.ts\n");
    texts.put("concat.mp4", "ffconcat version 1.0\nfile '" + target + "'\n");
    texts.put(
        "dash.mp4",
        "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" profiles=\"urn:mpeg:"
            + "dash:profile:isoff-live:2011\"><Period><AdaptationSet><Representation><BaseURL>"
            + target
            + "</BaseURL></Representation></AdaptationSet></Period></MPD>");
    texts.put(
        "sdp.mp4", "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n");
    texts.put("metadata.mp4", ";FFMETADATA1\ntitle=" + target + "\n");
    texts.put("subtitles.mp4", "1\n00:00:01,000 --> 00:00:02,000\nhello\n");
    for (Map.Entry<String, String> text : texts.entrySet()) {
      add(text.getKey(), text.getValue().getBytes(StandardCharsets.UTF_8), NOT_A_VIDEO);
    }
    // A QuickTime file whose pictures lie in another file: the data reference names it.
    byte[] outside = good.get("faststart.mp4").clone();
    at(outside, "url ", b -> b.putInt(4, 0));
    add("pictures-elsewhere.mp4", outside, COMPLETE);
  }

  private void NOT_A_VIDEOs() throws IOException {
    add("empty.mp4", new byte[0], rejected(DecodeReason.EMPTY_FILE));
    add("one-byte.mp4", new byte[1], NOT_A_VIDEO);
    add("text.mp4", "This is not a video.\n".getBytes(StandardCharsets.UTF_8), NOT_A_VIDEO);
    add("long-text.mp4", repeat("All work and no play.\n", 20_000), NOT_A_VIDEO);
    add("utf16.mp4", "Kein Video".repeat(500).getBytes(StandardCharsets.UTF_16), NOT_A_VIDEO);
    add(
        "page.mp4",
        "<!DOCTYPE html><html><body>404</body></html>".getBytes(StandardCharsets.UTF_8),
        NOT_A_VIDEO);
    add("zeros.mp4", new byte[100_000], NOT_A_VIDEO);
    add("random.mp4", random(100_000), NOT_A_VIDEO);
    add(
        "document.pdf.mp4",
        concat("%PDF-1.7\n".getBytes(StandardCharsets.UTF_8), random(5000)),
        NOT_A_VIDEO);

    byte[] mp4 = good.get("good.mp4");
    ByteArrayOutputStream zip = new ByteArrayOutputStream();
    try (ZipOutputStream out = new ZipOutputStream(zip)) {
      out.putNextEntry(new ZipEntry("good.mp4"));
      out.write(mp4);
    }
    add("zip.mp4", zip.toByteArray(), NOT_A_VIDEO);
    ByteArrayOutputStream gzip = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(gzip)) {
      out.write(mp4);
    }
    add("gzip.mp4", gzip.toByteArray(), NOT_A_VIDEO);

    BufferedImage image = new BufferedImage(320, 240, BufferedImage.TYPE_INT_RGB);
    byte[] jpeg = null;
    for (String format : List.of("jpg", "png", "gif", "bmp")) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      ImageIO.write(image, format, out);
      add("picture." + format, out.toByteArray(), NOT_A_VIDEO);
      add("picture." + format + ".mp4", out.toByteArray(), NOT_A_VIDEO);
      if (format.equals("jpg")) {
        jpeg = out.toByteArray();
      }
    }
    add("two-pictures.jpg", concat(jpeg, jpeg), NOT_A_VIDEO);

    TestSounds.write(directory.resolve("sound.wav"), null);
    files.put(directory.resolve("sound.wav"), NOT_A_VIDEO);
    for (String name : List.of("sound.mov", "sound.mkv", "sound.avi")) {
      files.put(
          TestSounds.write(directory.resolve(name), null), rejected(DecodeReason.NO_VIDEO_STREAM));
    }
    files.put(
        TestSounds.write(directory.resolve("cover.mp4"), jpeg),
        rejected(DecodeReason.NO_VIDEO_STREAM));
    // Here the muxer writes the picture as a track of one frame.
    files.put(
        TestSounds.write(directory.resolve("cover.mkv"), jpeg), rejected(DecodeReason.TOO_SHORT));
    add("cover.mp3", TestSounds.mp3(jpeg), NOT_A_VIDEO);
    Files.createDirectory(directory.resolve("directory.mp4"));
    files.put(directory.resolve("directory.mp4"), NOT_A_VIDEO);

    Settings mpeg4 = Settings.of("mpeg4", 160, 120, 25);
    for (String name : List.of("one.mp4", "one.mkv", "one.avi")) {
      files.put(
          TestVideos.write(directory.resolve(name), mpeg4, 1), rejected(DecodeReason.TOO_SHORT));
    }
    Path sparse = directory.resolve("sparse-zeros.mp4");
    try (RandomAccessFile file = new RandomAccessFile(sparse.toFile(), "rw")) {
      file.setLength(2L << 30);
    }
    files.put(sparse, NOT_A_VIDEO);
    Path tail = directory.resolve("sparse-tail.mp4");
    Files.write(tail, good.get("faststart.mp4"));
    try (RandomAccessFile file = new RandomAccessFile(tail.toFile(), "rw")) {
      file.setLength(2L << 30);
    }
    files.put(tail, COMPLETE);
  }

  /** Names that FFmpeg would take for something else, and suffixes that do not fit. */
  private void oddButGood() throws IOException {
    for (String name :
        List.of(
            "%03d.png",
            "frame.jpg",
            "list.m3u8",
            "concat:a|b.mp4",
            "pipe:0",
            "-i",
            "a b'\"&;.mp4",
            "\u00fc\u4e2d.mp4",
            "no-suffix",
            "x.txt")) {
      add(name, good.get("faststart.mp4"), COMPLETE);
    }
  }

  private void add(String name, byte[] bytes, Expected expected) throws IOException {
    Path file = directory.resolve(name);
    Files.write(file, bytes);
    if (files.put(file, expected) != null) {
      throw new IllegalStateException(name + " twice");
    }
  }

  /** Everywhere in the file, as AVI names a codec twice. */
  private void unknownCodec(String name, String source, String codec, String unknown)
      throws IOException {
    String text = new String(good.get(source), StandardCharsets.ISO_8859_1);
    if (!text.contains(codec)) {
      throw new IllegalStateException(source + " has no " + codec);
    }
    add(
        name,
        text.replace(codec, unknown).getBytes(StandardCharsets.ISO_8859_1),
        rejected(DecodeReason.UNSUPPORTED_CODEC));
  }

  private void mp4(String name, String box, Consumer<ByteBuffer> lie, Expected expected)
      throws IOException {
    byte[] bytes = good.get("good.mp4").clone();
    at(bytes, box, lie);
    add(name, bytes, expected);
  }

  private void avi(
      String name, byte[] source, String chunk, Consumer<ByteBuffer> lie, Expected expected)
      throws IOException {
    byte[] bytes = source.clone();
    int at = find(bytes, chunk, 0);
    lie.accept(
        ByteBuffer.wrap(bytes, at, bytes.length - at).slice().order(ByteOrder.LITTLE_ENDIAN));
    add(name, bytes, expected);
  }

  /** Positions count from the box's name: 4 is its version and flags. */
  private static void at(byte[] bytes, String box, Consumer<ByteBuffer> lie) {
    at(bytes, 0, box, lie);
  }

  private static void at(byte[] bytes, int from, String box, Consumer<ByteBuffer> lie) {
    int at = find(bytes, box, from);
    lie.accept(ByteBuffer.wrap(bytes, at, bytes.length - at).slice());
  }

  private static Expected rejected(DecodeReason... reasons) {
    return new Expected(false, false, EnumSet.copyOf(Arrays.asList(reasons)));
  }

  private static int find(byte[] bytes, String name, int from) {
    return find(bytes, name.getBytes(StandardCharsets.ISO_8859_1), from);
  }

  private static int find(byte[] bytes, byte[] what, int from) {
    for (int i = from; i + what.length <= bytes.length; i++) {
      if (Arrays.equals(bytes, i, i + what.length, what, 0, what.length)) {
        return i;
      }
    }
    throw new IllegalStateException("not found: " + new String(what, StandardCharsets.ISO_8859_1));
  }

  private static byte[] box(String name, byte[] content) {
    return ByteBuffer.allocate(8 + content.length)
        .putInt(8 + content.length)
        .put(name.getBytes(StandardCharsets.ISO_8859_1))
        .put(content)
        .array();
  }

  private static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : new ArrayList<>(Arrays.asList(parts))) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  private static byte[] repeat(String text, int times) {
    return text.repeat(times).getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }
}
