package io.clipstream.trainer.motion;

import java.util.Locale;

/**
 * What a camera does: the labels of the camera-motion model, in the order of its outputs. Every
 * label speaks of the camera, not of the picture: in {@link #PAN_RIGHT} the camera turns right and
 * the picture moves left; in {@link #ROLL_CLOCKWISE} the camera turns clockwise and the picture
 * counterclockwise.
 */
public enum CameraMotion {
  STATIC,
  PAN_LEFT,
  PAN_RIGHT,
  TILT_UP,
  TILT_DOWN,
  ZOOM_IN,
  ZOOM_OUT,
  ROLL_CLOCKWISE,
  ROLL_COUNTERCLOCKWISE,
  /** Hand-held trembling with no lasting direction. */
  SHAKE,
  /** No one motion: another picture begins within the clip. Not a label of the bundled model. */
  CUT;

  /** The label's name in lists and manifests, such as {@code pan_left}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
