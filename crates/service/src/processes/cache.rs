//! Values kept in memory by key, the least recently used going first when they weigh too much.

use rustc_hash::FxHashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

/// A bounded cache of shared values.
pub struct Cache<K, V> {
    inner: Mutex<Inner<K, V>>,
    most: usize,
}

struct Inner<K, V> {
    values: FxHashMap<K, (Arc<V>, usize, u64)>,
    weight: usize,
    tick: u64,
}

impl<K: Hash + Eq + Clone, V> Cache<K, V> {
    /// `most`: the weight above which values are let go.
    pub fn new(most: usize) -> Self {
        Cache {
            inner: Mutex::new(Inner {
                values: FxHashMap::default(),
                weight: 0,
                tick: 0,
            }),
            most,
        }
    }

    pub fn get(&self, key: &K) -> Option<Arc<V>> {
        let mut inner = self.inner.lock().unwrap_or_else(|e| e.into_inner());
        inner.tick += 1;
        let tick = inner.tick;
        let (value, _, used) = inner.values.get_mut(key)?;
        *used = tick;
        Some(value.clone())
    }

    pub fn put(&self, key: K, value: Arc<V>, weight: usize) {
        let mut inner = self.inner.lock().unwrap_or_else(|e| e.into_inner());
        inner.tick += 1;
        let tick = inner.tick;
        if let Some((_, old, _)) = inner.values.insert(key.clone(), (value, weight, tick)) {
            inner.weight -= old;
        }
        inner.weight += weight;
        while inner.weight > self.most && inner.values.len() > 1 {
            let oldest = inner
                .values
                .iter()
                .filter(|(k, _)| **k != key)
                .min_by_key(|(_, (_, _, used))| *used);
            let Some(oldest) = oldest.map(|(k, _)| k.clone()) else {
                break;
            };
            if let Some((_, weight, _)) = inner.values.remove(&oldest) {
                inner.weight -= weight;
            }
        }
    }

    /// Lets go of what is not to be kept.
    pub fn retain(&self, is_kept: impl Fn(&K) -> bool) {
        let mut guard = self.inner.lock().unwrap_or_else(|e| e.into_inner());
        let inner = &mut *guard;
        let mut gone = 0;
        inner.values.retain(|key, (_, weight, _)| {
            let is_kept = is_kept(key);
            gone += if is_kept { 0 } else { *weight };
            is_kept
        });
        inner.weight -= gone;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_let_go_weighs_nothing() {
        let cache = Cache::new(3);
        cache.put("a", Arc::new(1), 2);
        cache.put("b", Arc::new(2), 1);
        cache.retain(|key| *key == "b");
        cache.put("c", Arc::new(3), 2);
        let kept = ["a", "b", "c"].map(|key| cache.get(&key).is_some());
        assert_eq!(kept, [false, true, true]);
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let cache = Cache::new(2);
        cache.put("a", Arc::new(1), 1);
        cache.put("b", Arc::new(2), 1);
        cache.get(&"a");
        cache.put("c", Arc::new(3), 1);
        assert_eq!(
            (
                cache.get(&"a").is_some(),
                cache.get(&"b").is_some(),
                cache.get(&"c").is_some()
            ),
            (true, false, true)
        );
        cache.put("huge", Arc::new(4), 99);
        assert!(
            cache.get(&"huge").is_some(),
            "the newest is kept whatever it weighs"
        );
    }
}
