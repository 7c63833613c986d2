/* clip:preload {video, poster}: fetch the clip that comes next, once this one is there, so that it starts at once.
   No more than one at a time; it stands in no page and makes no sound. */
let next = null;

export function preload({ video: address, poster }) {
  if (next?.dataset.address === address) return;
  next?.removeAttribute("src");
  next?.load();
  next = null;
  if (!address) return;
  next = document.createElement("video");
  next.dataset.address = address;
  next.muted = true;
  next.preload = "auto";
  if (poster) new Image().src = poster;
  next.src = address;
}

export function preloads({ video }) {
  document.addEventListener("clip:preload", (event) => {
    const enough = video.readyState >= HTMLMediaElement.HAVE_ENOUGH_DATA || video.error;
    if (enough) preload(event.detail); else video.addEventListener("canplaythrough", () => preload(event.detail), { once: true });
  });
}
