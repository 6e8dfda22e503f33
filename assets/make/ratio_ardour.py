"""The ratio as an automation lane of Ardour plays it: assets/pictures/ratio_ardour.png.

    ratio_ardour.py record FOLDER speech48.wav out.npz   (Ardour 7, PyPI numpy, soundfile)
    ratio_ardour.py draw out.npz assets/pictures/ratio_ardour.png   (matplotlib, numpy)

Ardour runs without a window, with its dummy driver, in real time; `cargo xtask
install` and `ardour-vst3-scanner` have shown it the plugin before. FOLDER is where
the session goes. Every few milliseconds the transport's place and the plugin's
output parameters are read through Ardour; `record` fails unless every ratio told
is the lane's at the middle of a frame, to 1e-6.
"""

import os
import re
import shutil
import subprocess
import sys

import numpy as np

RATE, SECONDS = 48_000, 6
SUPERCLOCK = 282_240_000 // RATE
LANE = [(0, 0), (96_000, 100), (96_001, 25), (144_000, 25), (144_001, 75), (192_000, 75), (240_000, 10), (287_999, 90)]

DRIVER = """
local b = AudioEngine:set_backend ("None (Dummy)", "", "")
b:set_sample_rate (48000)
b:set_buffer_size (1024)
AudioEngine:start (0)
"""
MAKE = DRIVER + """
local s = create_session ("%s", "ses", 48000)
local r = s:new_audio_track (1, 2, nil, 1, "voice", ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true):front ()
local p = ARDOUR.LuaAPI.new_plugin (s, "Voxmeld", ARDOUR.PluginType.VST3, "")
r:add_processor_by_index (p, 0, nil, true)
local al, cl, pd = ARDOUR.LuaAPI.plugin_automation (p, 0)
for n = 0, 3 do cl:add (Temporal.timepos_t (n * 48000), n, false, true) end
local lane = Evoral.Parameter (ARDOUR.AutomationType.PluginAutomation, 0, 0)
p:to_automatable ():automation_control (lane, true):set_automation_state (ARDOUR.AutoState.Play)
s:save_state ("")
close_session ()
quit ()
"""
PLAY = DRIVER + """
local s = load_session ("%s", "ses")
local p = s:route_by_name ("voice"):nth_plugin (0)
local plug = p:to_insert ():plugin (0)
local which = {}
for i = 0, plug:parameter_count () - 1 do which[plug:parameter_label (i)] = i end
ARDOUR.LuaAPI.usleep (3000000)
s:request_locate (0, false, ARDOUR.LocateTransportDisposition.MustRoll, ARDOUR.TransportRequestSource.TRS_UI)
for i = 1, 1600 do
  ARDOUR.LuaAPI.usleep (4000)
  local ratio = ARDOUR.LuaAPI.get_processor_param (p, which["Ratio applied"])
  local confidence = ARDOUR.LuaAPI.get_processor_param (p, which["Confidence"])
  print ("at", s:transport_sample (), ratio, confidence)
end
close_session ()
quit ()
"""


def ardour(folder, script):
    path = f"{folder}.lua"
    with open(path, "w") as file:
        file.write(script % folder)
    return subprocess.run(["ardour7-lua", path], capture_output=True, text=True, timeout=120).stdout


def furnish(folder, speech):
    """The recording on the track, and the lane to the sample."""
    files = f"{folder}/interchange/{os.path.basename(folder)}/audiofiles"
    os.makedirs(files, exist_ok=True)
    shutil.copy(speech, f"{files}/in.wav")
    with open(f"{folder}/ses.ardour") as file:
        text = file.read()
    end = SECONDS * RATE * SUPERCLOCK

    def region(number, whole):
        return (
            f'<Region name="in" type="audio" id="{number}" start="a0" length="a{end}@a0" position="a0" beats="0" '
            f'whole-file="{whole}" external="1" opaque="1" channels="1" source-0="9001" master-source-0="9001" '
            'scale-amplitude="1" stretch="1" shift="1"/>'
        )

    source = '<Sources><Source name="in.wav" type="audio" flags="" id="9001" channel="0" gain="1"/></Sources>'
    text = text.replace("<Sources/>", source)
    text = text.replace("<Regions/>", f"<Regions>{region(9002, 1)}</Regions>")
    text = re.sub(r'(<Playlist id="\d+" name="voice"[^>]*)/>', rf"\1>{region(9003, 0)}</Playlist>", text)
    events = "".join(f"a{sample * SUPERCLOCK} {value}\n" for sample, value in LANE)
    lane = r'(<AutomationList automation-id="parameter-0"[^>]*)BeatTime("[^>]*>\s*<events>)[^<]*'
    text, found = re.subn(lane, rf"\1AudioTime\g<2>{events}", text)
    assert found == 1, "no lane in the session"
    with open(f"{folder}/ses.ardour", "w") as file:
        file.write(text)


def record(folder, speech, out):
    folder = os.path.abspath(folder)
    shutil.rmtree(folder, ignore_errors=True)
    ardour(folder, MAKE)
    furnish(folder, speech)
    seen = []
    for line in ardour(folder, PLAY).splitlines():
        if line.startswith("at"):
            at, ratio, confidence = (float(word) for word in line.split()[1:4])
            if 0 < at < LANE[-1][0] and (not seen or seen[-1][1:] != (ratio, confidence)):
                seen.append((at, ratio, confidence))
    seen = np.array(seen)
    # The frames' middles, one every 20 ms, from where the stream began: as the first
    # slope, a sample of which is 1/960 %, has them.
    corners = np.array(LANE, float)
    slope = seen[(seen[:, 0] < 90_000) & (seen[:, 1] > 0)]
    phase = np.median(slope[:, 1] * 960 % 960)
    middles = np.arange(round(phase), LANE[-1][0], 960)
    lane = np.interp(middles, corners[:, 0], corners[:, 1])
    frame, placed, worst = -1, [], 0.0
    for at, ratio, confidence in seen:
        later = np.arange(frame + 1, np.searchsorted(middles, at + 1024))
        error = np.abs(lane[later] - ratio)
        if len(later) == 0 or not placed and ratio == 0:
            continue
        best = int(np.argmin(error + 1e-9 * (later - later[0])))
        worst = max(worst, float(error[best]) / 100)
        frame = int(later[best])
        placed.append((middles[frame] / RATE, ratio / 100, confidence / 100, at / RATE))
    print(f"{len(placed)} values told, off the lane at a frame's middle by up to {worst:.1e}")
    assert len(placed) > 100 and worst < 1e-6
    np.savez(out, lane=corners, placed=np.array(placed))


def draw(recorded, out):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    data = np.load(recorded)
    placed, lane = data["placed"], data["lane"]
    figure, (top, bottom) = pyplot.subplots(2, 1, figsize=(9, 4.6), sharex=True, height_ratios=[3, 1])
    top.plot(lane[:, 0] / RATE, lane[:, 1] / 100, color="#b0b4bc", linewidth=3, label="automation lane")
    top.plot(placed[:, 0], placed[:, 1], ".", color="#1f9e87", markersize=4, label="told by the plugin, at its frame")
    top.set_ylabel("blend ratio")
    top.legend(loc="upper center", fontsize=8)
    bottom.plot(placed[:, 0], placed[:, 2], color="#c98a2b", linewidth=0.8)
    bottom.set_ylabel("confidence")
    bottom.set_xlabel("seconds")
    bottom.set_ylim(0, 1)
    figure.tight_layout()
    figure.savefig(out, dpi=110)


if __name__ == "__main__":
    {"record": record, "draw": draw}[sys.argv[1]](*sys.argv[2:])
