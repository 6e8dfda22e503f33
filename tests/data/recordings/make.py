#!/usr/bin/env python3
"""Writes the recordings of this folder (standard library, ffmpeg and sox): half a second of silence, a rising tone of
0.1 s, silence again; 1.2 s in all. The tone's place after decoding shows whether encoder delay is trimmed.

`bits_*`, `ima_adpcm.wav` and the like hold the same sound in WAV.
"""
import hashlib
import json
import math
import os
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
LENGTH_S, START_S, TONE_S = 1.2, 0.5, 0.1


def tone(rate_hz):
    """From 300 to 3000 Hz, with soft edges, peak 0.5."""
    samples = []
    for n in range(int(LENGTH_S * rate_hz)):
        t = n / rate_hz - START_S
        if 0 <= t < TONE_S:
            phase = 2 * math.pi * (300 * t + 0.5 * 27_000 * t * t)
            samples.append(0.5 * math.sin(math.pi * t / TONE_S) ** 2 * math.sin(phase))
        else:
            samples.append(0.0)
    return samples


def source(rate_hz):
    path = os.path.join(HERE, f"source_{rate_hz}.wav")
    body = b"".join(struct.pack("<h", round(32767 * x)) for x in tone(rate_hz))
    fmt = struct.pack("<HHIIHH", 1, 1, rate_hz, 2 * rate_hz, 2, 16)
    with open(path, "wb") as file:
        file.write(b"RIFF" + struct.pack("<I", 36 + len(body)) + b"WAVEfmt " + struct.pack("<I", 16) + fmt)
        file.write(b"data" + struct.pack("<I", len(body)) + body)
    return path


FILES = {
    # name: (rate, ffmpeg's arguments)
    "aac.m4a": (44_100, "-c:a aac -b:a 96k"),
    "aac_48k.mp4": (48_000, "-c:a aac -b:a 64k -ac 2"),
    "aac_fragments.mp4": (44_100, "-c:a aac -b:a 64k -movflags frag_keyframe+empty_moov"),
    "alac.m4a": (16_000, "-c:a alac"),
    "adts.aac": (44_100, "-c:a aac -b:a 64k"),
    "opus.opus": (48_000, "-c:a libopus -b:a 32k"),
    "opus.webm": (48_000, "-c:a libopus -b:a 32k"),
    "opus_stereo.mka": (48_000, "-c:a libopus -b:a 48k -ac 2"),
    "opus.mp4": (48_000, "-c:a libopus -b:a 32k -strict -2"),
    "aac.mkv": (44_100, "-c:a aac -b:a 64k"),
    "flac.mkv": (16_000, "-c:a flac"),
    "vorbis.ogg": (44_100, "-c:a libvorbis -q:a 2"),
    "vorbis.webm": (44_100, "-c:a libvorbis -q:a 2"),
    "flac.ogg": (16_000, "-c:a flac"),
    "flac.flac": (16_000, "-c:a flac"),
    "lame.mp3": (44_100, "-c:a libmp3lame -b:a 64k"),
    "no_header.mp3": (44_100, "-c:a libmp3lame -b:a 64k -write_xing 0"),
    "low_rate.mp3": (22_050, "-c:a libmp3lame -b:a 32k"),
    "pcm.aiff": (16_000, "-c:a pcm_s16be"),
    "float.aifc": (16_000, "-c:a pcm_f32be -f aiff"),
    "pcm.caf": (16_000, "-c:a pcm_s16le"),
    "alac.caf": (16_000, "-c:a alac"),
    "ima_adpcm.wav": (16_000, "-c:a adpcm_ima_wav"),
    "ima_adpcm_stereo.wav": (16_000, "-c:a adpcm_ima_wav -ac 2"),
    "ms_adpcm.wav": (16_000, "-c:a adpcm_ms"),
    "alaw.wav": (16_000, "-c:a pcm_alaw"),
    "mulaw.wav": (16_000, "-c:a pcm_mulaw"),
    "mp3.wav": (44_100, "-c:a libmp3lame -b:a 64k"),
    "bits_8.wav": (16_000, "-c:a pcm_u8"),
    "bits_24.wav": (8_000, "-c:a pcm_s24le"),
    "float_64.wav": (8_000, "-c:a pcm_f64le"),
    "wave64.w64": (16_000, "-c:a pcm_s16le"),
    "rf64.wav": (16_000, "-c:a pcm_s16le -rf64 always"),
}


def main():
    made = []
    for name, (rate_hz, arguments) in FILES.items():
        path = os.path.join(HERE, name)
        command = ["ffmpeg", "-y", "-loglevel", "error", "-i", source(rate_hz), *arguments.split(), "-bitexact", path]
        subprocess.run(command, check=True)
        made.append(name)
    subprocess.run(["sox", "-B", source(16_000), os.path.join(HERE, "rifx.wav")], check=True)
    made.append("rifx.wav")
    for rate_hz in sorted({rate for rate, _ in FILES.values()}):
        os.remove(os.path.join(HERE, f"source_{rate_hz}.wav"))
    hashes = {}
    for name in sorted(made):
        with open(os.path.join(HERE, name), "rb") as file:
            hashes[name] = hashlib.sha256(file.read()).hexdigest()
    about = {
        "what": "half a second of silence, a rising tone of 0.1 s, silence; 1.2 s in all",
        "made_by": "make.py, ffmpeg 5.1 and sox 14.4 of Debian 12",
        "licence": "CC0-1.0",
        "sha256": hashes,
    }
    with open(os.path.join(HERE, "manifest.json"), "w") as file:
        json.dump(about, file, indent=1)
        file.write("\n")


main()
