/* One file to the server, chunk after chunk; each is kept as it comes, so whoever was cut off goes on where it was.

   send({ url, file, received, chunkBytes, onProgress, onWait }) -> the upload as the server tells it in the end.
     onProgress(bytes) as they leave; onWait(words) when it is tried again and why, onWait("") when there is an answer.
   sendSubtitles({ url, file, onWait }) -> the same for a small file, in one piece.
   Both throw SendRefused, with words for people, when the server says no for good or the file is another one now. */
import { csrfToken, isSignedOut } from "./sign-in-again.js";

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30000;
const GIVE_UP_MS = 10 * 60 * 1000;                                  // a chunk of 8 MiB at 14 kB/s
const TRY_AGAIN = [0, 408, 425, 429];
const TRY_AGAIN_CODES = ["conflict"];

export class SendRefused extends Error {}

export async function send({ url, file, received, chunkBytes, onProgress, onWait }) {
  let told = null;
  const wait = new Patience(onWait);
  while (!told || (told.status === "receiving" && received < file.size)) {
    const at = received, chunk = await bytesOf(file, at, at + chunkBytes);
    const answer = await put(`${url}?start=${at}`, chunk, (sent) => onProgress(at + sent));
    if (answer.data?.error?.code === "chunk_out_of_place") received = answer.data.error.detail.received;
    else if (isTaken(answer)) { told = answer.data; received = told.received; wait.isOver(); }
    else await wait.orRefuse(answer);
    onProgress(received);
  }
  return told;
}

export async function sendSubtitles({ url, file, onWait }) {
  const wait = new Patience(onWait);
  for (;;) {
    const answer = await put(url, await bytesOf(file, 0, file.size), () => {});
    if (isTaken(answer)) { wait.isOver(); return answer.data; }
    await wait.orRefuse(answer);
  }
}

/* Signed out: the dialog is opened once, not with each try. */
let hasAsked = false;
document.addEventListener("signed-in-again", () => { hasAsked = false; });
export function askToSignIn() {
  if (hasAsked) return;
  hasAsked = true;
  document.querySelector("dialog[data-sign-in]:not([open])")?.showModal();
}

const isTaken = ({ status, data }) => status === 200 && Boolean(data?.status);

class Patience {
  constructor(onWait) { Object.assign(this, { onWait, ms: FIRST_RETRY_MS }); }

  isOver() { this.ms = FIRST_RETRY_MS; this.onWait(""); }

  async orRefuse({ status, data }) {
    const error = data?.error, signedOut = isSignedOut(status, data);
    const isFinal = status >= 400 && status < 500 && !signedOut && !TRY_AGAIN.includes(status) && !TRY_AGAIN_CODES.includes(error?.code);
    if (isFinal) throw new SendRefused(error?.message ?? `The server refused this (${status}).`);
    if (signedOut) askToSignIn();
    this.onWait(signedOut ? "Signed out: sign in to go on." : status && error ? `${error.message} Trying again.` : "No answer; trying again.");
    await pause(this.ms);
    this.ms = Math.min(this.ms * 2, LONGEST_RETRY_MS);
  }
}

async function bytesOf(file, from, to) {
  try { return await file.slice(from, to).arrayBuffer(); }
  catch { throw new SendRefused("This file cannot be read any more: it was changed or moved. Choose it again."); }
}

function put(url, body, onProgress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();                            // fetch says nothing of what has left
    request.open("PUT", url);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.timeout = GIVE_UP_MS;
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () => {
      let data = null;
      try { data = JSON.parse(request.responseText); } catch { /* a proxy's own page */ }
      resolve({ status: request.status, data });
    };
    request.onerror = request.ontimeout = request.onabort = () => resolve({ status: 0, data: null });
    request.send(body);
  });
}

/* Until the time is over, or the network is back, or somebody signed in again. */
function pause(ms) {
  return new Promise((resolve) => {
    const wake = new AbortController(), done = () => { clearTimeout(timer); wake.abort(); resolve(); };
    const timer = setTimeout(done, ms);
    addEventListener("online", done, { signal: wake.signal });
    document.addEventListener("signed-in-again", done, { signal: wake.signal });
  });
}
