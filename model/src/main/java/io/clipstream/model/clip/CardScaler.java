package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_CUDA;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_NV12;

import java.nio.ByteBuffer;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVHWFramesContext;

/**
 * Scales pictures that lie in a GPU's memory there; only crops leave it. Pictures of any other kind
 * than 8-bit 4:2:0 in whole 2 x 2 blocks are a {@link CardFailedException}. One thread.
 */
final class CardScaler implements Scaler {
  private final Card card;
  private final CardWorkspace workspace;
  private final ClipSpec spec;
  private final int crops;
  private PictureFormat format;
  private boolean begun; // work that is not waited for yet

  CardScaler(Card card, ClipSpec spec, int crops) {
    this.card = card;
    this.spec = spec;
    this.crops = crops;
    this.workspace = card.take(spec.frameBytes(), crops);
  }

  @Override
  public void scale(AVFrame frame, double pixelAspect, Orientation orientation) {
    check(frame);
    begun = true;
    PictureFormat now = PictureFormat.of(frame, pixelAspect, orientation);
    if (!now.equals(format)) {
      CropJob[] jobs = new CropJob[crops];
      for (int crop = 0; crop < crops; crop++) {
        jobs[crop] = new CropJob(spec, now, crop, crops);
      }
      workspace.begin(jobs);
      format = now;
    }
    workspace.cut(frame);
  }

  private static void check(AVFrame frame) {
    if (frame.format() != AV_PIX_FMT_CUDA) {
      throw new CardFailedException("FFmpeg decodes it on the CPU", true);
    }
    if (new AVHWFramesContext(frame.hw_frames_ctx().data()).sw_format() != AV_PIX_FMT_NV12) {
      throw new CardFailedException("its pictures are not 8-bit 4:2:0", true);
    }
    if (frame.crop_left() != 0 || frame.crop_top() != 0) {
      throw new CardFailedException("its pictures are cut at the left or top");
    }
    if (frame.width() % 2 != 0 || frame.height() % 2 != 0) {
      throw new CardFailedException("its pictures have an odd number of pixels along a side");
    }
    if (Deadline.halfGone()) {
      throw new CardFailedException("it takes too long");
    }
  }

  @Override
  public void copy(int crop, ByteBuffer to, int offset) {
    begun = true;
    workspace.download(crop, to, offset);
  }

  @Override
  public void await() {
    if (begun) {
      workspace.await();
      begun = false;
    }
  }

  @Override
  public void close() {
    try {
      await();
    } finally {
      card.give(workspace); // what is begun with it next comes after what was begun before
    }
  }
}
