{
  "targets": [
    {
      "target_name": "kisimd",
      "sources": ["<!@(node -p \"const fs=require('fs');['native/src','native/src/core'].flatMap(d=>fs.readdirSync(d).filter(f=>f.endsWith('.cc')).map(f=>d+'/'+f)).join(' ')\")"],
      "include_dirs": ["native/include", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=9", "NODE_ADDON_API_DISABLE_DEPRECATED", "NODE_ADDON_API_CPP_EXCEPTIONS", "NODE_ADDON_API_CPP_EXCEPTIONS_ALL", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": ["-std=c++20", "-fexceptions", "-fvisibility=hidden", "-ffp-contract=off", "-Wno-psabi"],
      "libraries": ["-ldl", "-lpthread"]
    }
  ]
}
