// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StakeBook} from "./StakeBook.sol";
import {IOperators, Offer} from "../interfaces/IOperators.sol";
import {OperatorWords, StoredOffer} from "../libraries/OperatorWords.sol";
import {GRAIN, toGrains} from "../types/Grain.sol";
import {ALL_MODES} from "../types/Mode.sol";
import {ReleaseId} from "../types/ReleaseId.sol";

/// @title Offers
/// @notice Owns what operators advertise, written by their owners, and the list of who offers a release.
abstract contract Offers is StakeBook {
    using OperatorWords for StoredOffer;

    uint16 internal constant MAX_COVER_RATE_BPS = 10_000;

    mapping(uint32 operatorId => mapping(ReleaseId release => StoredOffer)) private _offers;
    mapping(ReleaseId release => uint32[] operatorIds) private _offering;

    /// @inheritdoc IOperators
    function setOffer(uint32 operatorId, ReleaseId release, uint256 price, uint8 modes) external override {
        _requireOwner(operatorId);
        _setOffer(operatorId, release, price, modes);
    }

    /// @inheritdoc IOperators
    function setCoverRate(uint32 operatorId, ReleaseId release, uint16 coverRateBps) external override {
        _requireOwner(operatorId);
        require(coverRateBps <= MAX_COVER_RATE_BPS, CoverRateTooHigh(coverRateBps, MAX_COVER_RATE_BPS));
        StoredOffer storage offer = _offers[operatorId][release];
        require(offer.place != 0 && offer.coverRateBps != coverRateBps, OfferUnchanged(operatorId, release));
        offer.coverRateBps = coverRateBps;
        emit CoverRateSet(operatorId, release, coverRateBps);
    }

    /// @inheritdoc IOperators
    function offerOf(uint32 operatorId, ReleaseId release) external view override returns (Offer memory) {
        StoredOffer storage offer = _offers[operatorId][release];
        return Offer(uint256(offer.price) * GRAIN, offer.modes, offer.coverRateBps);
    }

    /// @inheritdoc IOperators
    function offering(
        ReleaseId release,
        uint256 offset,
        uint256 limit
    ) external view override returns (uint32[] memory page) {
        uint32[] storage all = _offering[release];
        uint256 count = all.length;
        if (offset >= count) return page;
        if (limit > count - offset) limit = count - offset;
        page = new uint32[](limit);
        for (uint256 i; i < limit; ++i) page[i] = all[offset + i];
    }

    /// @inheritdoc IOperators
    function offeringCount(ReleaseId release) external view override returns (uint256) {
        return _offering[release].length;
    }

    function _setOffer(uint32 operatorId, ReleaseId release, uint256 price, uint8 modes) internal {
        require(modes <= ALL_MODES, OfferInvalid(modes));
        StoredOffer storage offer = _offers[operatorId][release];
        uint56 grains = uint56(toGrains(price));
        uint32 place = offer.place;
        if (modes == 0) {
            require(place != 0, OfferUnchanged(operatorId, release));
            _withdrawOffer(operatorId, release, place);
        } else {
            require(place == 0 || offer.price != grains || offer.modes != modes, OfferUnchanged(operatorId, release));
            // What is not offered has no rate, and needs no look.
            uint16 rate = place == 0 ? 0 : offer.coverRateBps;
            if (place == 0) {
                uint32[] storage list = _offering[release];
                // Before it grows, so that the length is read once.
                place = uint32(list.length) + 1;
                list.push(operatorId);
            }
            offer.store(StoredOffer(grains, modes, place, rate));
        }
        emit OfferSet(operatorId, release, price, modes);
    }

    function _withdrawOffer(uint32 operatorId, ReleaseId release, uint32 place) private {
        uint32[] storage list = _offering[release];
        uint32 last = list[list.length - 1];
        list[place - 1] = last;
        _offers[last][release].place = place;
        list.pop();
        delete _offers[operatorId][release];
    }
}
