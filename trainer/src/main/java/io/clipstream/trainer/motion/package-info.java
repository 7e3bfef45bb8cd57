/**
 * Videos whose camera motion is known: a virtual camera moves over a photograph, things move in
 * front of it, and the frames are encoded to real video files. A camera at rest may also look at
 * next to nothing, such as a blank sheet or a black screen. What only a share of the videos show,
 * if a recipe asks for it, is in {@link io.clipstream.trainer.motion.Rarities}.
 *
 * <p>Coordinates: x to the right, y down, the unit is the short side of the frame at zoom 1, the
 * origin is the middle of the frame at the middle of the clip. Angles are radians, clockwise as
 * seen on the screen. Times are seconds of presentation time.
 */
package io.clipstream.trainer.motion;
