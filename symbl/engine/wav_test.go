package engine_test

import (
	"encoding/binary"
	"math"
)

// hum is a WAV file of 8 kHz, 16 bits, in which each channel hums. Channels
// are as loud as they are told: 0 is silence.
func hum(seconds float64, loudness ...float64) string {
	le := binary.LittleEndian
	var samples []byte
	for i := range int(seconds * 8000) {
		for _, l := range loudness {
			samples = le.AppendUint16(samples, uint16(int16(l*math.MaxInt16*math.Sin(float64(i)/5))))
		}
	}
	channels := uint16(len(loudness))
	b := le.AppendUint32([]byte("RIFF"), uint32(len(samples)+36))
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00"...)
	b = le.AppendUint16(b, channels)
	b = le.AppendUint32(b, 8000)
	b = le.AppendUint32(b, 16000*uint32(channels))
	b = le.AppendUint16(b, 2*channels)
	b = append(b, "\x10\x00data"...)
	return string(append(le.AppendUint32(b, uint32(len(samples))), samples...))
}
