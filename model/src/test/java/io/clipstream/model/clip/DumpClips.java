package io.clipstream.model.clip;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Writes what the decoder samples, for {@code src/test/python/compare_preprocessing.py}.
 *
 * <pre>DumpClips OUT VIEWS T RATE|/STRIDE SHORT_SIDE CROP ANTIALIAS FILE...</pre>
 *
 * <p>For the n-th file {@code OUT/n.rgb}, uint8 {@code [clips, crops, T, H, W, 3]}; and {@code
 * OUT/clips.json}, a list with the frames of every clip, their times and the sizes.
 */
public final class DumpClips {
  private DumpClips() {}

  public static void main(String[] args) throws Exception {
    Path out = Files.createDirectories(Path.of(args[0]));
    Sampling.Dense views = Sampling.parseViews(args[1]);
    int stride = args[3].startsWith("/") ? Integer.parseInt(args[3].substring(1)) : 0;
    ClipSpec spec =
        new ClipSpec(
            Integer.parseInt(args[2]),
            stride > 0 ? 0 : Double.parseDouble(args[3]),
            stride,
            Integer.parseInt(args[4]),
            CropSize.of(args[5]),
            Boolean.parseBoolean(args[6]),
            List.of(0f, 0f, 0f),
            List.of(1f, 1f, 1f));
    int most = views.clips() * views.crops();
    ClipBuffers buffers = new ClipBuffers(spec.clipBytes(), (long) most * spec.clipBytes());
    VideoDecoder decoder = new VideoDecoder(spec, DecodeLimits.defaults(), buffers);
    List<Map<String, Object>> all = new ArrayList<>();
    for (int n = 0; n + 7 < args.length; n++) {
      Path file = Path.of(args[n + 7]);
      List<Clip> clips = new ArrayList<>();
      DecodeResult result = decoder.decode(file, views, Optional.empty(), clips::add);
      if (!(result instanceof DecodeResult.Decoded decoded)) {
        throw new IllegalArgumentException(file + ": " + result);
      }
      try (FileChannel channel =
          FileChannel.open(
              out.resolve(n + ".rgb"),
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        for (Clip clip : clips) {
          channel.write(clip.pixels());
          clip.close();
        }
      }
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("file", file.toAbsolutePath().toString());
      one.put("clips", views.clips());
      one.put("crops", views.crops());
      one.put("frames", spec.frames());
      one.put("rate", spec.framesPerSecond());
      one.put("stride", spec.stride());
      one.put("shortSide", spec.shortSide());
      one.put("crop", spec.crop());
      one.put("antialias", spec.antialias());
      one.put("width", decoded.info().width());
      one.put("height", decoded.info().height());
      one.put("seconds", decoded.info().durationSeconds());
      List<int[]> indices = indices(file, views, spec);
      double[] seconds = seconds(file);
      one.put("indices", indices);
      one.put(
          "times",
          indices.stream()
              .map(clip -> Arrays.stream(clip).mapToDouble(i -> seconds[i]).toArray())
              .toList());
      all.add(one);
    }
    new ObjectMapper().writeValue(out.resolve("clips.json").toFile(), all);
  }

  private static double[] seconds(Path file) throws Exception {
    try (VideoSource source = VideoSource.open(file, DecodeLimits.defaults())) {
      return PacketScan.of(source, DecodeLimits.defaults()).timeline().seconds();
    }
  }

  private static List<int[]> indices(Path file, Sampling views, ClipSpec spec) throws Exception {
    try (VideoSource source = VideoSource.open(file, DecodeLimits.defaults())) {
      Timeline timeline = PacketScan.of(source, DecodeLimits.defaults()).timeline();
      return ClipSampler.sample(views, spec, timeline.seconds(), timeline.endSeconds()).stream()
          .map(ClipSampler.Window::frames)
          .toList();
    }
  }
}
