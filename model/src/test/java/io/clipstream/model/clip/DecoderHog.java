package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avutil.AV_HWDEVICE_TYPE_CUDA;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_CUDA;
import static org.bytedeco.ffmpeg.global.avutil.av_hwdevice_ctx_create;

import io.clipstream.model.cuda.CudaException;
import io.clipstream.model.cuda.Gpu;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avutil.AVBufferRef;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.javacpp.Pointer;

/**
 * A process that takes what decoders of others need of GPU 0: memory but for a rest, and that in
 * decoders, until the driver gives none. Argument: a video. Prints a line then, and keeps them
 * until its standard input ends.
 */
public final class DecoderHog {
  private static final long REST = 600L << 20;
  private static final int MOST = 200;

  private static final List<Codec> held = new ArrayList<>();

  private DecoderHog() {}

  public static void main(String[] args) throws Exception {
    Ffmpeg.load();
    Gpu gpu = Gpu.open(0);
    AVBufferRef device = new AVBufferRef((Pointer) null);
    gpu.enter();
    int error =
        av_hwdevice_ctx_create(
            device, AV_HWDEVICE_TYPE_CUDA, (String) null, (AVDictionary) null, 2);
    if (error < 0) {
      throw new IllegalStateException(Ffmpeg.message(error));
    }
    while (gpu.memory() - gpu.memoryTaken() > REST) {
      long over = gpu.memory() - gpu.memoryTaken() - REST;
      long unused = gpu.allocate(Math.max(2 << 20, Math.min(over, 8L << 30)));
    }
    while (held.size() < MOST && isHeld(Path.of(args[0]), device)) {}
    int decoders = held.size();
    try {
      while (true) {
        long unused = gpu.allocate(1 << 20);
      }
    } catch (CudaException full) {
      System.out.println("holds " + decoders + " decoders");
    }
    while (System.in.read() >= 0) {}
    System.exit(0);
  }

  /** Opens a decoder and lets it decode a picture; false if the GPU does not do it. */
  private static boolean isHeld(Path file, AVBufferRef device) throws Exception {
    DecodeLimits limits = DecodeLimits.defaults();
    try (Deadline deadline = new Deadline(limits.timeout());
        VideoSource source = VideoSource.open(file, limits)) {
      AVCodecContext context = Codec.openContext(source.track(), limits, device);
      Codec codec = new Codec(context, null, end -> {});
      held.add(codec);
      while (source.next() && codec.send(source.packet())) {
        if (codec.receive() == Codec.Received.FRAME) {
          return codec.frame().format() == AV_PIX_FMT_CUDA;
        }
      }
    }
    return false;
  }
}
