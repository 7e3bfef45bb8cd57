package io.clipstream.trainer.motion;

import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.model.clip.VideoEncoder;
import io.clipstream.trainer.data.ClipList;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Generates a data set of camera motion: a folder of video files and its {@link ClipList}. Every
 * clip depends on the seed and its number alone, so a run that was stopped goes on where it was,
 * and any number of threads gives the same clips.
 */
public final class MotionDataSet {
  private MotionDataSet() {}

  /**
   * Renders and encodes what is not there yet.
   *
   * @param folder to write videos and {@code clips.csv} to
   * @param threads that work at once
   * @return the list, already written
   * @throws UserError if the folder holds data of another spec
   */
  public static ClipList generate(
      MotionDataSpec spec, PictureLibrary library, Path folder, int threads, Progress progress)
      throws IOException, InterruptedException {
    Files.createDirectories(folder);
    Path specFile = folder.resolve("spec.txt");
    if (!Files.exists(specFile)) {
      Files.writeString(specFile, spec.toString());
    } else if (!Files.readString(specFile).equals(spec.toString())) {
      throw new UserError(
          folder + " holds data of other generate.* settings; name another folder, or empty it");
    }
    Path listFile = folder.resolve("clips.csv");
    if (Files.exists(listFile)) {
      return ClipList.read(listFile);
    }
    List<ClipList.Entry> entries = new ArrayList<>();
    int total = spec.parts().values().stream().mapToInt(MotionDataSpec.Part::clips).sum();
    progress.start("generating", total);
    long part = 0;
    for (Map.Entry<String, MotionDataSpec.Part> e : spec.parts().entrySet()) {
      Files.createDirectories(folder.resolve(e.getKey()));
      List<Picture> pictures = library.read(e.getValue().pictures());
      entries.addAll(
          generatePart(
              spec, e.getKey(), e.getValue(), pictures, folder, part++ << 32, threads, progress));
    }
    progress.end();
    ClipList list = new ClipList(listFile, entries);
    list.write();
    return list;
  }

  private static List<ClipList.Entry> generatePart(
      MotionDataSpec spec,
      String split,
      MotionDataSpec.Part part,
      List<Picture> pictures,
      Path folder,
      long firstIndex,
      int threads,
      Progress progress)
      throws IOException, InterruptedException {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Future<ClipList.Entry>> done = new ArrayList<>();
      for (int i = 0; i < part.clips(); i++) {
        int number = i;
        done.add(
            pool.submit(
                () -> {
                  ClipList.Entry entry =
                      generateClip(
                          spec,
                          split,
                          part,
                          pictures,
                          folder.resolve(split),
                          number,
                          new Dice(spec.seed(), firstIndex + number));
                  progress.step();
                  return entry;
                }));
      }
      List<ClipList.Entry> entries = new ArrayList<>();
      for (Future<ClipList.Entry> entry : done) {
        entries.add(entry.get());
      }
      return entries;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw new IllegalStateException("clip of " + split + " failed", e.getCause());
    } finally {
      pool.shutdownNow();
    }
  }

  private static ClipList.Entry generateClip(
      MotionDataSpec spec,
      String split,
      MotionDataSpec.Part part,
      List<Picture> pictures,
      Path folder,
      int number,
      Dice dice)
      throws IOException {
    List<CameraMotion> turns = spec.turns(part);
    CameraMotion motion = turns.get(number % turns.size());
    VideoFormat format = dice.pick(part.formats());
    double framesPerSecond = dice.pick(part.frameRates());
    double seconds = dice.uniform(spec.lowSeconds(), spec.highSeconds());
    double shortSide = dice.logUniform(spec.lowShortSide(), spec.highShortSide());
    double aspect = dice.pick(spec.aspects());
    int width = even(aspect >= 1 ? shortSide * aspect : shortSide);
    int height = even(aspect >= 1 ? shortSide : shortSide / aspect);
    double bitsPerPixel = dice.logUniform(part.lowBitsPerPixel(), part.highBitsPerPixel());
    // Some cameras and screen recorders repeat frames: the picture changes less often than the
    // rate.
    double changes = dice.chance(0.12) ? dice.uniform(7, 11) : framesPerSecond;

    Path file =
        folder.resolve("%06d.%s".formatted(number, format.container().toLowerCase(Locale.ROOT)));
    Footage film =
        motion == CameraMotion.CUT
            ? Film.cut(spec, pictures, width, height, seconds, framesPerSecond, dice)
            : Scene.random(
                motion,
                spec,
                spec.rarities(),
                pictures,
                width,
                height,
                seconds,
                framesPerSecond,
                dice);
    ClipList.Entry entry =
        new ClipList.Entry(file.toAbsolutePath(), motion.label(), split, film.source(), 0);
    if (Files.exists(file)) {
      return entry;
    }
    Path unfinished = folder.resolve("%06d.part.%s".formatted(number, format.container()));
    byte[] rgb = new byte[width * height * 3];
    ByteBuffer pixels = ByteBuffer.allocateDirect(rgb.length);
    try (VideoEncoder video =
        new VideoEncoder(
            unfinished, format.settings(width, height, framesPerSecond, bitsPerPixel))) {
      double shown = -1;
      for (int i = 0; i / framesPerSecond < seconds; i++) {
        double time = Math.floor(i / framesPerSecond * changes + 1e-4) / changes;
        if (time != shown) {
          film.render(time, rgb);
          shown = time;
        }
        video.add(pixels.clear().put(rgb).flip());
      }
    }
    Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    return entry;
  }

  private static int even(double size) {
    return 2 * (int) Math.round(size / 2);
  }
}
