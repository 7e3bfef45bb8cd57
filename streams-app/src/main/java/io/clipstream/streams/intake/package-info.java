/**
 * Where videos wait that cannot be worked on now, and what for. Knows origins (a host, a file root)
 * and no videos: what waits is a {@link io.clipstream.streams.intake.Guest}.
 *
 * <p>A guest is in one of these states; only {@link io.clipstream.streams.intake.WaitingRoom}
 * changes them, under its lock, and calls guests without it.
 *
 * <pre>
 *            enter                  a place, and a closed circuit
 *   (caller) ─────▶ WAITING ───────────────────────────────────────▶ AT WORK ──▶ (gone)
 *                    ▲   │                                              │
 *                    │   │ patience over: the guest is told, gone       │
 *                    │   └──────────────────────────────────▶ (gone)    │
 *                    └──────────────────────────────────────────────────┘
 *                      failed, and not by its own fault
 * </pre>
 *
 * <p>An origin has a circuit, which is CLOSED while all is well. It becomes OPEN when a failure is
 * certainly the origin's and nothing came from it just before, or when three different guests
 * failed in a row. Then none of its guests goes to work until a pause is over (1 s, doubled each
 * time up to 30 s, or what the server asked for); then one does, HALF-OPEN. If that succeeds, or
 * fails by its own fault, the circuit closes, else it is open for longer. Guests take turns at
 * that, those first that were never tried, and while there are such and the fault may be a guest's
 * own, pauses stay at 1 s: a hundred guests that fail keep one that does not for minutes, not for
 * an hour.
 *
 * <p>Hosts share a number of places at work. A host that nothing came from yet has a sixteenth of
 * them, any other three quarters, and so have all of the first kind together: whoever hangs, places
 * are left. Hosts take turns when a place is given back. While hosts that were never tried wait for
 * a place, guests of others that nothing came from make way for them: after 250 ms of silence,
 * twice as long each time, and without blame. Files of roots need no place.
 *
 * <p>Whom the disk has no room for gives its place back and comes again, after 1 s, doubled each
 * time up to 30 s, for as long as it takes: others need less.
 *
 * <p>How long guests wait is bounded by the patience of {@link
 * io.clipstream.streams.intake.WaitRules}, counted while their origin is out of order or since
 * their own first failure, not while they wait for a place. Who waited elsewhere before brings that
 * along, until something comes from its origin, and is tried here for a minute at least. How many
 * wait is bounded by who lets them in.
 */
package io.clipstream.streams.intake;
