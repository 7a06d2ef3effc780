// Package audio brings recordings into the one form that transcribers hear: WAV
// files of 16 kHz, mono, 16-bit PCM, one for each channel or one for all.
//
// It owns the probing of files by content, the reading of WAV (PCM of 8 to 32
// bits, float, A-law, µ-law, extensible headers, RF64, streams of unknown
// length), the mixing and the resampling, and the call of ffmpeg for every
// other format. Everything is a stream: memory does not grow with the length
// of a recording. It knows nothing of jobs, speakers or transcribers.
//
// In: the bytes of a recording. Out: files in a folder that the caller owns,
// or an *UnusableError that says what is wrong with the recording, which trying
// again cannot mend. Any other error came from the reader or the disk.
package audio
